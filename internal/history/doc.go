// Package history keeps the histories of metrics: records as they are logged,
// blocks that records are rolled up to, and what reads both, in order, each point
// once. It samples histories as MLflow does.
package history
