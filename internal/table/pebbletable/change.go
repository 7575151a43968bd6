package pebbletable

import (
	"fmt"
	"math"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// stored is what a write finds under its key.
type stored struct {
	header
	found bool
	raw   string // the encoded item, if found
}

func (s stored) item(key table.Key) (table.Item, error) {
	if !s.found {
		return table.Item{}, nil
	}
	return decodeItem(key, s.raw)
}

// fail returns the error of a condition that did not hold.
func (s stored) fail(key table.Key) error {
	it, err := s.item(key)
	if err != nil {
		return err
	}
	return &table.ConditionError{Key: key, Item: it, Found: s.found}
}

// change is what a write makes of an item. A change of neither kind leaves it.
type change struct {
	put    bool
	delete bool
	item   table.Item // if put
	size   int        // of item
}

// holds evaluates a condition.
func (s stored) holds(key table.Key, c table.Cond, now int64) (bool, error) {
	live := s.found && !s.expiredAt(now)
	switch {
	case c.IsZero():
		return true, nil
	case c.IsAbsent():
		return !live, nil
	case !live:
		return false, nil
	case len(c.Attrs()) == 0:
		return true, nil
	}
	it, err := s.item(key)
	if err != nil {
		return false, err
	}
	for _, want := range c.Attrs() {
		if v, ok := it.Get(want.Name); !ok || !v.Equal(want.Value) {
			return false, nil
		}
	}
	return true, nil
}

// put evaluates a put.
func (s stored) put(p table.Put, now int64) (change, error) {
	ok, err := s.holds(p.Item.Key, p.Cond, now)
	if err != nil {
		return change{}, err
	}
	if !ok {
		return change{}, s.fail(p.Item.Key)
	}
	return change{put: true, item: p.Item, size: p.Item.Size()}, nil
}

// remove evaluates a delete.
func (s stored) remove(d table.Delete, now int64) (change, error) {
	ok, err := s.holds(d.Key, d.Cond, now)
	if err != nil {
		return change{}, err
	}
	if !ok {
		return change{}, s.fail(d.Key)
	}
	return change{delete: s.found}, nil
}

// check evaluates a condition without a write.
func (s stored) check(key table.Key, c table.Cond, now int64) error {
	ok, err := s.holds(key, c, now)
	if err != nil {
		return err
	}
	if !ok {
		return s.fail(key)
	}
	return nil
}

// update evaluates an update. It keeps the attributes of an expired item, as
// DynamoDB does, when the condition lets it through.
func (s stored) update(u table.Update, now int64) (change, error) {
	ok, err := s.holds(u.Key, u.Cond, now)
	if err != nil {
		return change{}, err
	}
	it, err := s.item(u.Key)
	if err != nil {
		return change{}, err
	}
	if !ok || !raises(it, u.Raise) {
		return change{}, &table.ConditionError{Key: u.Key, Item: it, Found: s.found}
	}
	it.Key = u.Key
	for _, a := range u.Set {
		it.Set(a.Name, a.Value)
	}
	for _, a := range u.Raise {
		it.Set(a.Name, a.Value)
	}
	for _, name := range u.Remove {
		it.Remove(name)
	}
	if err := add(&it, u.Add); err != nil {
		return change{}, err
	}
	if err := table.CheckItemSize(it); err != nil {
		return change{}, err
	}
	return change{put: true, item: it, size: it.Size()}, nil
}

// raises reports whether each register is absent or smaller.
func raises(it table.Item, raise []table.Attr) bool {
	for _, a := range raise {
		v, ok := it.Get(a.Name)
		if ok && (v.Kind() != table.KindBytes || v.Str() >= a.Value.Str()) {
			return false
		}
	}
	return true
}

func add(it *table.Item, attrs []table.Attr) error {
	for _, a := range attrs {
		v, ok := it.Get(a.Name)
		if ok && v.Kind() != table.KindNumber {
			return fmt.Errorf("%w: attribute %q to add to is not a number", table.ErrLimit, a.Name)
		}
		x, y := v.Num(), a.Value.Num()
		if y > 0 && x > math.MaxInt64-y || y < 0 && x < math.MinInt64-y {
			return fmt.Errorf("%w: attribute %q overflows", table.ErrLimit, a.Name)
		}
		it.Set(a.Name, table.Number(x+y))
	}
	return nil
}
