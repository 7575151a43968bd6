package workspace

import (
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	// SecondsADay is the unit of retentions in that of a ttl.
	SecondsADay = 24 * 60 * 60
	// expiryNotice is how much time what is found overdue has left at least.
	expiryNotice = SecondsADay
	// expiryTolerance is how far an expiry may be off without being written
	// anew: times of deletion and expiries come from two looks at the clock.
	expiryTolerance = 60 * 60
)

// ExpiryIn returns the ttl of something written now that is kept for the
// given days; 0 days: for ever.
func (v *View) ExpiryIn(days int64) int64 {
	if days == 0 {
		return 0
	}
	return v.Clock().Unix() + days*SecondsADay
}

// ExpiresIn is the attribute of what expires after that time.
func (v *View) ExpiresIn(d time.Duration) table.Attr {
	return table.Attr{Name: table.TTLAttr, Value: table.Number(v.Clock().Add(d).Unix())}
}

// ExpiryFrom returns the ttl of something that is kept for the given days from
// a time in ms on, and has the ttl was by now; 0: for ever, or none. What would
// be due within a day, or long ago, gets a day from now; what is due sooner
// anyway stays, and so does what is right within an hour.
func (v *View) ExpiryFrom(from, days, was int64) int64 {
	if days == 0 {
		return 0
	}
	want := from/1000 + days*SecondsADay
	if was != 0 && max(want-was, was-want) <= expiryTolerance {
		return was
	}
	soon := v.Clock().Unix() + expiryNotice
	switch {
	case want >= soon:
		return want
	case was != 0 && was < soon:
		return was
	default:
		return soon
	}
}
