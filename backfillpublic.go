package dynamodbstore

import "context"

// BackfillTags brings every experiment and run of the workspace up to the tag
// patterns: tags that match become attributes, and settled runs get their index
// rows. Open runs get theirs when they settle. Then the patterns count as
// complete: searches rely on them.
//
// Each item is written atomically, on the condition that nobody has changed it
// meanwhile; the content of no run or experiment changes. A pass that was
// interrupted goes on where it stopped. Servers may write meanwhile: unless
// the patterns have been as they are for two minutes, the pass waits until all
// servers have noticed them, and looks again at what it has done by then. If
// they are changed while it is under way it starts over.
//
// RESOURCE_DOES_NOT_EXIST if there is no such experiment, and
// INVALID_PARAMETER_VALUE if it has no patterns of its own. Reads the run
// lists and heads; 1 WCU for each KB of a head or list row that changes, and
// 1 for each index row.
func (s *Store) BackfillTags(ctx context.Context, p BackfillParams) (BackfillReport, error) {
	r, err := s.backfillTags(ctx, p.engine())
	return backfillReportOf(r), failure(err)
}

// BackfillTrigrams brings every experiment and settled run of the workspace up
// to the trigram fields, as [Store.BackfillTags] does for tag patterns. Reads
// the run lists; 1 WCU for each trigram, and for each KB of a list row that
// changes.
func (s *Store) BackfillTrigrams(ctx context.Context, p BackfillParams) (BackfillReport, error) {
	r, err := s.backfillTrigrams(ctx, p.engine())
	return backfillReportOf(r), failure(err)
}
