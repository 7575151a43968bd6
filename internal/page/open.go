package page

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
)

// Opened is how a search begins and ends: how many results it has, where it
// goes on, and the query that the token of the next page will belong to.
type Opened struct {
	Max    int          // results at most
	After  filter.Tuple // position to continue behind; nil: the start
	digest Digest
}

// Open opens a page of most results of a query, behind the position of a token,
// "" for the first page. parts are what besides the kind of results, the filter
// and the order makes two queries differ.
func Open(token string, most int, kind string, q *filter.Query, parts ...string) (Opened, error) {
	d := QueryDigest(append([]string{kind, q.Filter(), q.Order.String()}, parts...)...)
	after, err := parsePosition(token, d, q.Order)
	return Opened{Max: most, After: after, digest: d}, err
}

// Token is the token of the next page, which continues behind last; "" if last
// is nil: there is none.
func (o *Opened) Token(last filter.Tuple) string {
	if last == nil {
		return ""
	}
	return EncodeToken(o.digest, filter.AppendTuple(nil, last))
}

// Size is how many results a page has of which n are asked for, where 0
// leaves it to the server. check refuses less than one and more than most.
func Size(n, unset, most int, check func(n, most int) error) (int, error) {
	if n == 0 {
		return unset, nil
	}
	return n, check(n, most)
}

// Cut cuts what was found to a page, and returns the position behind it;
// reached, which may be nil for the end, if all of it is on the page.
func Cut[T any](found []Found[T], most int, reached filter.Tuple) ([]Found[T], filter.Tuple) {
	if len(found) <= most {
		return found, reached
	}
	return found[:most], found[most-1].Tuple
}
