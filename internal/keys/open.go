package keys

import (
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	openPrefix    = "O#"
	settledPrefix = "C#" // before the open ones
)

// OpenRow marks a run whose index rows may lag behind its document, in one
// generation of the run.
func (s Space) OpenRow(exp, run string, gen int64) table.Key {
	return table.Key{PK: s.OpenPK(exp), SK: openPrefix + run + "#" + Asc(gen)}
}

// SettledRow marks a run whose index rows have caught up lately, at the given
// time in ms.
func (s Space) SettledRow(exp string, at int64, run string, gen int64) table.Key {
	return table.Key{PK: s.OpenPK(exp), SK: settledPrefix + Asc(at) + "#" + run + "#" + Asc(gen)}
}

// OpenRange returns the bounds of the sort keys of the rows of runs that have
// settled at the given time, in ms, or later, and behind them of all that are
// open.
func OpenRange(since int64) (from, to string) {
	return settledPrefix + Asc(since), table.PrefixEnd(openPrefix)
}

// OpenSK is what the sort key of an open row, or of a settled one, says.
type OpenSK struct {
	Run     string
	Gen     int64
	Settled bool
	At      int64 // when it settled, ms
}

// ParseOpenSK is the inverse of the sort keys of [Space.OpenRow] and
// [Space.SettledRow].
func ParseOpenSK(sk string) (OpenSK, error) {
	var o OpenSK
	var err error
	rest, open := strings.CutPrefix(sk, openPrefix)
	if !open {
		if rest, o.Settled = strings.CutPrefix(sk, settledPrefix); !o.Settled {
			return o, ErrMalformed
		}
		at, tail, _ := strings.Cut(rest, "#")
		if o.At, err = ParseAsc(at); err != nil {
			return o, err
		}
		rest = tail
	}
	run, gen, ok := strings.Cut(rest, "#")
	if !ok || run == "" {
		return o, ErrMalformed
	}
	o.Run = run
	o.Gen, err = ParseAsc(gen)
	return o, err
}
