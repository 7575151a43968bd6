package dynamodbstore

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
)

// A record is the points of one batch as bytes, all keys together:
//
//	byte    format, 1
//	column for each key, sorted by key:
//	  string  key
//	  string  body:
//	    uvarint number of points
//	    steps       varint, each less the one before
//	    timestamps  varint, each less the one before
//	    values      8 bytes each, little endian; NaN as its usual bits
//
// Strings are a uvarint length and bytes. Points of a column are sorted by
// step, timestamp and value, and occur once: the same points always make the
// same bytes, so a batch that is logged again overwrites its own record. The
// bytes are stored in tables: the format must not change under its number.
const recordFormat = 1

var errRecord = errors.New("history record is malformed")

// point is one point of one metric.
type point struct {
	step, timestamp int64
	value           float64
}

// rank orders values as MLflow's database does: NaN as 0.
func (p point) rank() float64 {
	if math.IsNaN(p.value) {
		return 0
	}
	return p.value
}

func (p point) nan() int {
	if math.IsNaN(p.value) {
		return 1
	}
	return 0
}

// byStep is the order of samples: step, timestamp, value, NaN last.
func byStep(a, b point) int {
	return cmp.Or(cmp.Compare(a.step, b.step), cmp.Compare(a.timestamp, b.timestamp),
		cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.nan(), b.nan()))
}

// byTime is the order of histories: timestamp, step, value, NaN last.
func byTime(a, b point) int {
	return cmp.Or(cmp.Compare(a.timestamp, b.timestamp), cmp.Compare(a.step, b.step),
		cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.nan(), b.nan()))
}

// encodeRecord packs points, and returns the first step too.
func encodeRecord(points []Metric) (record string, first int64) {
	sorted := slices.Clone(points)
	slices.SortFunc(sorted, func(a, b Metric) int {
		if c := strings.Compare(a.Key, b.Key); c != 0 {
			return c
		}
		return byStep(pointOf(&a), pointOf(&b))
	})
	first = sorted[0].Step
	b := append(make([]byte, 0, 64+24*len(sorted)), recordFormat)
	var column []point
	var body []byte
	for len(sorted) > 0 {
		key := sorted[0].Key
		column = column[:0]
		for len(sorted) > 0 && sorted[0].Key == key {
			if p := pointOf(&sorted[0]); len(column) == 0 || byStep(column[len(column)-1], p) != 0 {
				column = append(column, p)
			}
			sorted = sorted[1:]
		}
		first = min(first, column[0].step)
		body = appendColumn(body[:0], column)
		b = appendString(b, key)
		b = append(binary.AppendUvarint(b, uint64(len(body))), body...)
	}
	return string(b), first
}

func pointOf(m *Metric) point { return point{m.Step, m.Timestamp, m.Value} }

func appendColumn(b []byte, column []point) []byte {
	b = binary.AppendUvarint(b, uint64(len(column)))
	var last int64
	for _, p := range column {
		b = binary.AppendVarint(b, p.step-last)
		last = p.step
	}
	last = 0
	for _, p := range column {
		b = binary.AppendVarint(b, p.timestamp-last)
		last = p.timestamp
	}
	for _, p := range column {
		bits := math.Float64bits(p.value)
		if math.IsNaN(p.value) {
			bits = math.Float64bits(math.NaN())
		}
		b = binary.LittleEndian.AppendUint64(b, bits)
	}
	return b
}

// appendPoints appends the points of one key in a record to column.
func appendPoints(column []point, record, key string) ([]point, error) {
	err := eachColumn(record, func(k, body string) (bool, error) {
		if k != key {
			return k < key, nil
		}
		var err error
		column, err = parseColumn(column, body)
		return false, err
	})
	if err != nil {
		return nil, err
	}
	return column, nil
}

// eachColumn calls visit with the columns of a record, sorted by key, as long
// as it returns true.
func eachColumn(record string, visit func(key, body string) (bool, error)) error {
	r := reader{s: record}
	if r.byte() != recordFormat {
		return errRecord
	}
	for r.s != "" {
		key, body := r.str(), r.str()
		if r.bad {
			return errRecord
		}
		if more, err := visit(key, body); err != nil || !more {
			return err
		}
	}
	return nil
}

func parseColumn(column []point, body string) ([]point, error) {
	r := reader{s: body}
	n := r.uvarint()
	if n > uint64(len(body))/10 { // a point takes 10 bytes at least
		return nil, errRecord
	}
	at := len(column)
	column = slices.Grow(column, int(n))[:at+int(n)]
	added := column[at:]
	var last int64
	for i := range added {
		last += r.varint()
		added[i].step = last
	}
	last = 0
	for i := range added {
		last += r.varint()
		added[i].timestamp = last
	}
	values := r.take(8 * n)
	if r.bad || r.s != "" {
		return nil, errRecord
	}
	for i := range added {
		added[i].value = math.Float64frombits(le64(values[8*i:]))
	}
	return column, nil
}

func le64(s string) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// recordHash identifies a record's content within its run.
func recordHash(record string) string { return keys.Hash(record)[:16] }
