"""The town as it is: people, households, taxes and benefits, before any system writes them down."""
