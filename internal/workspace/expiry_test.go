package workspace

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// TestExpiry: retentions are days from now in the unit of a ttl; 0 is for ever.
func TestExpiry(t *testing.T) {
	t.Parallel()
	v := at(1000)
	require.Equal(t, int64(1_000_005), v.NowMillis())
	require.Zero(t, v.ExpiryIn(0))
	require.Equal(t, int64(1000+2*86400), v.ExpiryIn(2))
	require.Equal(t, table.Attr{Name: "ttl", Value: table.Number(1000 + 24*3600)}, v.ExpiresIn(TombstoneAge))
}

// TestExpiryFrom: an expiry follows the policy, with a day's notice for what would
// be due sooner, and stays where it is right within an hour or due anyway.
func TestExpiryFrom(t *testing.T) {
	t.Parallel()
	const day, now = int64(24 * 60 * 60), int64(1_000_000_000)
	v := Defaults()
	v.Clock = func() time.Time { return time.Unix(now, 0) }
	for name, c := range map[string]struct{ from, days, was, want int64 }{
		"kept for ever":         {now - day, 0, now + day, 0},
		"gets its expiry":       {now - day, 10, 0, now + 9*day},
		"right within an hour":  {now - day, 10, now + 9*day + 3600, now + 9*day + 3600},
		"off by more":           {now - day, 10, now + 9*day + 3601, now + 9*day},
		"overdue gets a day":    {now - 100*day, 10, 0, now + day},
		"overdue, from later":   {now - 100*day, 10, now + 50*day, now + day},
		"overdue, due sooner":   {now - 100*day, 10, now + 60, now + 60},
		"retention grew":        {now - 9*day, 20, now + day, now + 11*day},
		"retention taken away":  {now - 9*day, 0, now + day, 0},
		"due within the notice": {now - 10*day, 10, 0, now + day},
	} {
		require.Equal(t, c.want, v.ExpiryFrom(c.from*1000, c.days, c.was), name)
	}
}
