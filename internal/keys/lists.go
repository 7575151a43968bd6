package keys

import (
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// WholeNames returns the bounds of the rows of experiment names that stand in
// their sort keys, in the order of the names.
func (s Space) WholeNames() (pk, from, to string) {
	return s.ExperimentName("").PK, expNamePrefix + "=", expNamePrefix + ">"
}

// HashedNames returns the bounds of the rows of long experiment names, in no
// order.
func (s Space) HashedNames() (pk, from, to string) {
	return s.ExperimentName("").PK, expNamePrefix + "~", table.PrefixEnd(expNamePrefix)
}

// ListTime returns the time of a row of an experiment list.
func ListTime(sk string) (int64, error) {
	_, place, ok := strings.Cut(sk, "#")
	if !ok || len(place) < sortableLen {
		return 0, ErrMalformed
	}
	return ParseDesc(place[:sortableLen])
}

// ListFrom is the first sort key of the rows of an experiment list that are of
// the given time.
func ListFrom(prefix string, at int64) string { return prefix + Desc(at) }
