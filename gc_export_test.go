package dynamodbstore

import "context"

// CollectInPages is CollectGarbage in pages of so many items, and notes its
// place after every few.
func CollectInPages(ctx context.Context, s *Store, p GCParams, items int) (GCReport, error) {
	c, ctx, err := s.upkeep.Collection(ctx, p.engine())
	if err != nil {
		return GCReport{}, err
	}
	c.PageItems = items
	err = c.Run(ctx)
	return gcReportOf(c.Report), failure(err)
}
