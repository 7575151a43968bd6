package history

import (
	"math"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Merging yields the points of one metric by time, each once. It holds
// blocks as they are stored, a tenth of what their points take, and unpacks each
// when the first of its points may be the next one. As a rule times grow with
// steps, and one or two are unpacked at a time.
type Merging struct {
	After *point.Point // points up to it are left out; nil: none
	heap  []historyPart
	Last  point.Point
	any   bool // there was a last one
}

// historyPart is points of a metric, or a block that has them.
type historyPart struct {
	points []point.Point // by time
	block  string        // as stored, if it is not unpacked yet
	from   int64         // no time of the block is earlier
}

// add adds points in any order, which are the merge's from then on.
func (m *Merging) add(points []point.Point) {
	if points = m.sorted(points); len(points) > 0 {
		m.heap = append(m.heap, historyPart{points: points})
	}
}

// addBlock adds a block.
func (m *Merging) addBlock(it table.Item) {
	from := int64(math.MinInt64)
	if v, ok := it.Get(keys.MinTime); ok {
		from = v.Num()
	}
	if v, ok := it.Get(keys.MaxTime); ok && m.After != nil && v.Num() < m.After.Timestamp {
		return
	}
	m.heap = append(m.heap, historyPart{block: it.Str(keys.Points), from: from})
}

// sorted sorts points, and leaves out those that are not wanted.
func (m *Merging) sorted(points []point.Point) []point.Point {
	if !slices.IsSortedFunc(points, point.ByTime) {
		slices.SortFunc(points, point.ByTime)
	}
	if m.After == nil {
		return points
	}
	at, _ := slices.BinarySearchFunc(points, *m.After, func(p, after point.Point) int {
		if point.ByTime(p, after) <= 0 {
			return -1
		}
		return 1
	})
	return points[at:]
}

// Begin is called once all is added.
func (m *Merging) Begin() {
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
}

// Next returns the next point; false at the end.
func (m *Merging) Next() (point.Point, bool, error) {
	for len(m.heap) > 0 {
		top := &m.heap[0]
		if top.block != "" {
			points, err := appendBlock(nil, top.block)
			if err != nil {
				return point.Point{}, false, err
			}
			*top = historyPart{points: m.sorted(points)}
			m.settle()
			continue
		}
		p := top.points[0]
		top.points = top.points[1:]
		m.settle()
		if !m.any || point.ByTime(m.Last, p) != 0 {
			m.Last, m.any = p, true
			return p, true, nil
		}
	}
	return point.Point{}, false, nil
}

// settle finds the place of the first part, whose points have changed.
func (m *Merging) settle() {
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
		return p.from <= o.points[0].Timestamp
	case o.block != "":
		return p.points[0].Timestamp < o.from
	}
	return point.ByTime(p.points[0], o.points[0]) < 0
}

func (m *Merging) down(i int) {
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
