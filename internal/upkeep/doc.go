// Package upkeep makes passes over all that a workspace has: garbage collection,
// a policy applied anew, backfills of tag patterns and trigram fields. A pass
// keeps its pace, remembers how far it has come, and can be stopped and repeated
// at any time beside servers and other passes.
package upkeep
