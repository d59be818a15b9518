"""``python -m gateway.cli``."""

from gateway.cli.commands import main

if __name__ == "__main__":
    main()
