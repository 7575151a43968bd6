package dynamodbstore

import "context"

// CollectInPages is CollectGarbage in pages of so many items, and notes its
// place after every few.
func CollectInPages(ctx context.Context, s *Store, p GCParams, items int) (GCReport, error) {
	c, ctx, err := s.collection(ctx, p)
	if err != nil {
		return GCReport{}, failure(err)
	}
	c.PageItems = items
	err = c.Run(ctx)
	return gcReportOf(c.Report), failure(err)
}
