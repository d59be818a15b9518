"""住記まち V7: the town's resident register, a relational database product."""
