"""Things to try Hitotsu with; nothing here is part of the product."""
