"""Stories of breaking in, by the risks of the OWASP API Security Top 10 (2023); each must fail."""
