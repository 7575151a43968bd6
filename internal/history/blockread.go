package history

import (
	"context"
	"math"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// How readers miss nothing.
//
// A reader reads the records of a run first and the blocks of one metric
// second, both in ascending order of their keys. Beside it others roll up:
//
//  1. A record is deleted only after its points are in blocks of level 0.
//  2. A block is deleted only after its points are in blocks of the next level.
//     Levels come first in the sort keys of blocks, so these sort behind it.
//
// So a reader that finds a record gone, on whichever page of its query, finds
// blocks: they were put before it began to read blocks. And whenever a point
// stands in a block that the reader has not come to yet, it stays ahead of the
// reader: before that block is deleted, the point stands in one of a higher
// level, which is ahead too. Levels are bounded, so the reader comes to it.
// That needs no snapshot, only that a query goes through a range in order and
// that its reads are strongly consistent.
//
// A reader of a range of steps leaves out what cannot hold a step of it. A
// point always stands in blocks whose range includes its step, so blocks left
// out hold no point asked for, and the argument holds for the others: seeking
// only moves ahead.
//
// What is read twice, in a record and a block or in two blocks, is an exact
// repetition and dropped, as that of a repeated batch is.

// Steps is a range of steps, both included.
type Steps struct{ From, To int64 }

// AllSteps is the range of all steps.
func AllSteps() Steps { return Steps{math.MinInt64, math.MaxInt64} }

// blockPage is how many blocks are read at first where a reader of a range of
// steps does not know what it finds; each page may be twice the one before.
const blockPage = 4

// EachBlock calls visit with the blocks of a metric that may hold points of
// the steps, in ascending order of their keys. Units: those blocks/4 KB; for a
// part of the steps a few blocks more, and a request or two for each level and
// span that there is.
func (s *Store) EachBlock(ctx context.Context, run, metric string, in Steps, visit func(table.Item) error) error {
	from, to := keys.BlockRange(metric)
	q := table.Query{PK: s.Keys.HistoryPK(run), From: from, To: to}
	if in != AllSteps() {
		q.Limit = blockPage
	}
	for {
		page, err := s.Table.Query(ctx, q)
		if err != nil {
			return err
		}
		seek, err := visitPage(page.Items, metric, in, visit)
		switch {
		case err != nil:
			return err
		case seek != "":
			q.From, q.After, q.Limit = seek, "", blockPage
		case page.Next == "":
			return nil
		default:
			q.After, q.Limit = page.Next, 2*q.Limit
		}
	}
}

// visitPage visits blocks as long as they are wanted. It returns the sort key
// to go on from where they are not.
func visitPage(items []table.Item, metric string, in Steps, visit func(table.Item) error) (seek string, err error) {
	for _, it := range items {
		if err := document.CheckVersion(it); err != nil {
			return "", err
		}
		id, err := keys.ParseBlockSK(it.Key.SK)
		if err != nil {
			return "", err
		}
		low := earliestFirst(id.Span, in.From)
		switch {
		case id.First < low:
			return keys.BlockSeek(metric, id.Level, id.Span, low), nil
		case id.First > in.To:
			return nextSpan(metric, id), nil
		case it.Num(keys.LastStep) >= in.From:
			if err := visit(it); err != nil {
				return "", err
			}
		}
	}
	return "", nil
}

// nextSpan is where the blocks of the next span or level begin.
func nextSpan(metric string, id keys.BlockID) string {
	if id.Span < anySpan {
		return keys.BlockSeek(metric, id.Level, id.Span+1, math.MinInt64)
	}
	if id.Level < maxLevel {
		return keys.BlockSeek(metric, id.Level+1, 0, math.MinInt64)
	}
	_, to := keys.BlockRange(metric)
	return to
}
