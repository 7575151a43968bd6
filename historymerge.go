package dynamodbstore

import (
	"math"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// historyMerge yields the points of one metric by time, each once. It holds
// blocks as they are stored, a tenth of what their points take, and unpacks each
// when the first of its points may be the next one. As a rule times grow with
// steps, and one or two are unpacked at a time.
type historyMerge struct {
	after *point // points up to it are left out; nil: none
	heap  []historyPart
	last  point
	any   bool // there was a last one
}

// historyPart is points of a metric, or a block that has them.
type historyPart struct {
	points []point // by time
	block  string  // as stored, if it is not unpacked yet
	from   int64   // no time of the block is earlier
}

// add adds points in any order, which are the merge's from then on.
func (m *historyMerge) add(points []point) {
	if points = m.sorted(points); len(points) > 0 {
		m.heap = append(m.heap, historyPart{points: points})
	}
}

// addBlock adds a block.
func (m *historyMerge) addBlock(it table.Item) {
	from := int64(math.MinInt64)
	if v, ok := it.Get(keys.MinTime); ok {
		from = v.Num()
	}
	if v, ok := it.Get(keys.MaxTime); ok && m.after != nil && v.Num() < m.after.timestamp {
		return
	}
	m.heap = append(m.heap, historyPart{block: it.Str(keys.Points), from: from})
}

// sorted sorts points, and leaves out those that are not wanted.
func (m *historyMerge) sorted(points []point) []point {
	if !slices.IsSortedFunc(points, byTime) {
		slices.SortFunc(points, byTime)
	}
	if m.after == nil {
		return points
	}
	at, _ := slices.BinarySearchFunc(points, *m.after, func(p, after point) int {
		if byTime(p, after) <= 0 {
			return -1
		}
		return 1
	})
	return points[at:]
}

// begin is called once all is added.
func (m *historyMerge) begin() {
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
}

// next returns the next point; false at the end.
func (m *historyMerge) next() (point, bool, error) {
	for len(m.heap) > 0 {
		top := &m.heap[0]
		if top.block != "" {
			points, err := appendBlock(nil, top.block)
			if err != nil {
				return point{}, false, err
			}
			*top = historyPart{points: m.sorted(points)}
			m.settle()
			continue
		}
		p := top.points[0]
		top.points = top.points[1:]
		m.settle()
		if !m.any || byTime(m.last, p) != 0 {
			m.last, m.any = p, true
			return p, true, nil
		}
	}
	return point{}, false, nil
}

// settle finds the place of the first part, whose points have changed.
func (m *historyMerge) settle() {
	if len(m.heap[0].points) == 0 {
		end := len(m.heap) - 1
		m.heap[0], m.heap[end] = m.heap[end], historyPart{}
		m.heap = m.heap[:end]
	}
	m.down(0)
}

// before tells which part has the earlier first point. A block comes before
// points of the time that it may begin at: it is unpacked first.
func (p *historyPart) before(o *historyPart) bool {
	switch {
	case p.block != "" && o.block != "":
		return p.from < o.from
	case p.block != "":
		return p.from <= o.points[0].timestamp
	case o.block != "":
		return p.points[0].timestamp < o.from
	}
	return byTime(p.points[0], o.points[0]) < 0
}

func (m *historyMerge) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(m.heap) {
			return
		}
		if child+1 < len(m.heap) && m.heap[child+1].before(&m.heap[child]) {
			child++
		}
		if !m.heap[child].before(&m.heap[i]) {
			return
		}
		m.heap[i], m.heap[child] = m.heap[child], m.heap[i]
		i = child
	}
}
