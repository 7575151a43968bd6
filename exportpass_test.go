package dynamodbstore

import (
	"context"
	"time"
)

// WithPass sets how many items a page of a pass has, and how it waits.
func WithPass(page int, wait func(ctx context.Context, d time.Duration) error) Option {
	return func(o *options) { o.PassPage, o.Wait = page, wait }
}
