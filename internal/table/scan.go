package table

import (
	"context"
	"iter"
)

// Scan is all items of a table.
type Scan struct {
	After       Key // continue behind this key; zero: start at the beginning
	Limit       int // most items to read, expired ones included; 0: a page of 1 MB
	Consistency Consistency
}

// ScanPage is what one [Table.Scan] read.
type ScanPage struct {
	Items []Item // without expired ones, so it may be empty though more follows
	// Next continues the scan as [Scan.After]; zero when it is done. The item
	// under it may be removed meanwhile.
	Next Key
}

// ScanItems iterates over all items behind s.After, page by page. It stops at
// the first error, which it yields.
func ScanItems(ctx context.Context, t Table, s Scan) iter.Seq2[Item, error] {
	return pages(s.After, func(after Key) ([]Item, Key, error) {
		s.After = after
		page, err := t.Scan(ctx, s)
		return page.Items, page.Next, err
	})
}
