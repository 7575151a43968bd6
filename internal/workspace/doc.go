// Package workspace has the [View]: one workspace's view of a table, with the
// clock, the logger and the limits that decide how it is read and written. Every
// area of the engine is made from one. Views of several workspaces share a table;
// what else they share, caches and queues, is keyed by [ID] or by partition key,
// never by a bare id: experiment "0" is in every workspace.
package workspace
