"""福祉ほっとシステム: the town's welfare programmes, a SOAP product."""
