// Package catalog keeps the workspaces of a table: a document for each, beside the
// items of all workspaces. It makes the [workspace.View] of one that is there, and
// deletes one with all that is in it. Of what that is it knows nothing: the areas
// say what a workspace contains, and everything under its prefix is its own.
//
// A workspace has a generation, random and never the same again. Whoever makes
// something that nothing else of the workspace vouches for, an experiment or a
// registered model, checks in the same transaction that the workspace is of that
// generation still and not being deleted, so that nothing slips in behind a
// deletion, however long its writer was stopped.
package catalog
