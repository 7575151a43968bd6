package dynamodbstore

import "context"

// SettleIdle settles a run as a search that came across it would.
func SettleIdle(ctx context.Context, s *Store, run string) error { return s.settleIdle(ctx, run, 1) }

// WaitSettled waits until the runs that searches have queued are settled.
func WaitSettled(s *Store) { s.settling.wg.Wait() }

// WaitWritten waits for group commits whose callers have gone.
func WaitWritten(s *Store) {
	s.heads.wg.Wait()
	s.metrics.wg.Wait()
}
