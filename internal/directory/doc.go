// Package directory keeps users, by what they are recognised, and what they may do:
// roles, who has them, and grants to single users. It stores and decides nothing: a
// hash is a text to it, and so are types, patterns and levels.
//
// Users belong to the table, rights to a workspace. Everything of a user but the name
// is under an id that is never given out again, and everything of a workspace under
// its generation: who comes later under a name inherits nothing, however late a
// writer was.
//
// Every change of what decides is one transaction with an epoch, a counter that also
// tells what the last changes were about: one of the users, and one of the rights in
// each workspace. Who keeps copies looks at the epochs and drops what they name. Only
// what the creator of a thing gets beside it raises none; copies must not say that
// something is not there.
//
// What is removed goes in one transaction as far as anybody can see. Rows that nobody
// looks at any more follow, and whoever comes first goes on where another stopped.
package directory
