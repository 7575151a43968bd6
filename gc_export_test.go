package dynamodbstore

import "context"

// CollectInPages is CollectGarbage in pages of so many items, and notes its
// place after every few.
func CollectInPages(ctx context.Context, s *Store, p GCParams, items int) (GCReport, error) {
	c, ctx, err := newCollection(ctx, s, p.engine())
	if err != nil {
		return GCReport{}, err
	}
	c.pageItems = items
	err = c.run(ctx)
	return gcReportOf(c.report), failure(err)
}
