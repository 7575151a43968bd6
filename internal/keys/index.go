package keys

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// IndexKind is what an index partition of an experiment holds.
type IndexKind string

// The kinds of index rows. Stored, must not change.
const (
	IndexMetric  IndexKind = "IX#m#"
	IndexParam   IndexKind = "IX#p#"
	IndexTag     IndexKind = "IX#t#"
	IndexAttr    IndexKind = "IX#a#"
	IndexDataset IndexKind = "IX#d#"
	IndexTrigram IndexKind = "TRI#"
)

// IndexPK is the partition of an experiment's index rows for one metric,
// param, tag, dataset field, or trigram field of its runs.
func (s Space) IndexPK(exp string, kind IndexKind, name string) string {
	return s.prefix + "EXP#" + exp + "#" + string(kind) + part(name)
}

// TrigramPK is the partition of a trigram field of the entities that belong to
// no experiment: experiments themselves.
func (s Space) TrigramPK(field string) string { return s.prefix + string(IndexTrigram) + part(field) }

// IndexSK is the sort key of an index row: what is indexed, then the place of
// its run in the run list, so that equal values are in the default order.
func IndexSK(value, place string) string { return value + "#" + place }

// ExperimentPlace is the place of an experiment in the list by creation time,
// the second part of its trigram rows.
func ExperimentPlace(created int64, id string) string { return Desc(created) + "#" + experimentSK(id) }

// ParseExperimentPlace is the inverse of [ExperimentPlace].
func ParseExperimentPlace(place string) (created int64, id string, err error) {
	head, sk, ok := strings.Cut(place, "#")
	if !ok {
		return 0, "", ErrMalformed
	}
	if created, err = ParseDesc(head); err != nil {
		return 0, "", err
	}
	if own, foreign := strings.CutPrefix(sk, "x"); foreign {
		return created, own, nil
	}
	n, err := ParseAsc(sk)
	return created, formatID(n), err
}

// ParseIndexSK is the inverse of [IndexSK].
func ParseIndexSK(sk string) (value, place string, err error) {
	id := strings.LastIndexByte(sk, '#')
	if id < 0 {
		return "", "", ErrMalformed
	}
	head := strings.LastIndexByte(sk[:id], '#')
	if head < 0 {
		return "", "", ErrMalformed
	}
	return sk[:head], sk[head+1:], nil
}

const (
	numberMark = "0"
	nanMark    = "1"
)

// Metric returns 17 characters whose order is the order of the floats; both
// zeros are one, NaN comes last.
func Metric(v float64) string {
	if math.IsNaN(v) {
		return nanMark + "0000000000000000"
	}
	if v == 0 {
		v = 0 // not -0
	}
	bits := int64(math.Float64bits(v))
	if bits < 0 {
		bits = math.MinInt64 - bits - 1
	}
	return numberMark + Asc(bits)
}

// NaN is what [Metric] returns for NaN.
func NaN() string { return Metric(math.NaN()) }

// MetricNumbers returns the bounds of the sort keys of all metrics but NaN.
func MetricNumbers() (from, to string) { return numberMark, nanMark }

// maxText is the most bytes of a text in a sort key.
const maxText = 256

// BehindTexts returns what is behind all sort keys that begin with a [Text]:
// more of the last character than any of those has.
func BehindTexts() string { return strings.Repeat(Last, maxText/len(Last)+1) }

// Text writes a text so that the order of sort keys is the order of the
// texts: a zero byte ends it, and 0 and 1 within it are escaped by a 1. A
// longer one is cut, at a character, and then stands for every text that
// begins with it.
func Text(s string) (sk string, cut bool) {
	if len(s) > maxText {
		n := maxText
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s, cut = s[:n], true
	}
	if strings.IndexByte(s, 0) >= 0 || strings.IndexByte(s, 1) >= 0 {
		s = textEscaper().Replace(s)
	}
	if cut {
		return s, true
	}
	return s + "\x00", false
}

// IsWholeText reports whether [Text] has written a text whole.
func IsWholeText(sk string) bool { return strings.HasSuffix(sk, "\x00") }

func textEscaper() *strings.Replacer {
	return strings.NewReplacer("\x00", "\x01\x01", "\x01", "\x01\x02")
}

// TextPrefix returns the bounds of the sort keys of all texts that begin with
// p, as [Text] writes them.
func TextPrefix(p string) (from, to string) {
	from, _ = Text(p)
	from = strings.TrimSuffix(from, "\x00")
	return from, behindPrefix(from)
}

// behindPrefix returns the first text behind all that begin with p.
func behindPrefix(p string) string {
	for p != "" {
		last, size := utf8.DecodeLastRuneInString(p)
		p = p[:len(p)-size]
		switch next := last + 1; {
		case next == 0xD800:
			return p + "\uE000"
		case next <= utf8.MaxRune:
			return p + string(next)
		}
	}
	return BehindTexts()
}

// Trigrams returns the distinct runs of three characters of a text, in no
// order; none of a shorter one. Callers fold the case.
func Trigrams(s string) []string {
	var at [3]int // where the last three characters begin
	seen := map[string]bool{}
	var out []string
	n := 0
	for i := range s {
		if n >= 3 {
			if g := s[at[n%3]:i]; !seen[g] {
				seen[g] = true
				out = append(out, g)
			}
		}
		at[n%3] = i
		n++
	}
	if n >= 3 {
		if g := s[at[n%3]:]; !seen[g] {
			out = append(out, g)
		}
	}
	return out
}

// Bounds returns the first and last sort key of the index rows of one value,
// and of all texts that begin with it if it is the beginning of one.
func Bounds(value string) (from, to string) { return value + "#", table.PrefixEnd(value + "#") }
