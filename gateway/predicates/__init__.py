"""Facts that are worked out from items, so that the items themselves need not leave."""

from gateway.predicates.predicates import Predicate, Predicates, with_predicates

__all__ = ["Predicate", "Predicates", "with_predicates"]
