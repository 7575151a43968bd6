// Package upkeep makes passes over all that a workspace has: a policy applied
// anew, backfills of tag patterns and trigram fields. A pass walks over the
// experiments and their run lists, keeps its pace, remembers how far it has come,
// and can be stopped and repeated at any time beside servers and other passes.
// What there is to be done it does not know: each domain hands in an [Area], and a
// new domain adds one and changes nothing here.
package upkeep
