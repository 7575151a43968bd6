package loggedmodelfilter

import "cmp"

// View shows a logged model to filters and orders.
type View interface {
	// Text returns an attribute, integers in decimal digits; false if it has
	// none.
	Text(attr string) (string, bool)
	// Time returns creation_timestamp_ms or last_updated_timestamp_ms.
	Time(attr string) int64
	Param(key string) (string, bool)
	Tag(key string) (string, bool)
	// Points calls visit with the points of a metric, all of them, in any order,
	// until it returns false. The metric "" stands for all.
	Points(metric string, visit func(p Point) bool)
}

// Point is a point of a metric of a logged model.
type Point struct {
	Value           float64
	Timestamp, Step int64
	Run             string
	Dataset, Digest string // "" without a dataset
}

// Dataset names the datasets of points. An empty part stands for all.
type Dataset struct{ Name, Digest string }

// Has reports whether a point is of the dataset.
func (d Dataset) Has(p Point) bool {
	return (d.Name == "" || d.Name == p.Dataset) && (d.Digest == "" || d.Digest == p.Digest)
}

func (p Point) isAfter(other Point) bool {
	return cmp.Or(cmp.Compare(p.Step, other.Step), cmp.Compare(p.Timestamp, other.Timestamp),
		cmp.Compare(p.Value, other.Value)) > 0
}
