package settings

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// Marks.
//
// A pattern or field serves searches only once everything that it is about has
// been brought up to it. What is complete stands beside the list, in these
// attributes. They are stored and must not change.
const (
	// attrBackfilled lists what is complete in every workspace of the table:
	// what the items were made with when the table was empty. Behind a dot and
	// the name of a workspace stands the list of what a backfill has completed
	// in that one.
	attrBackfilled = "backfilled"
	// AttrChanged is when the list was last changed, in ms. It goes up with
	// each change, so a list that comes and goes is told from one that stayed.
	AttrChanged = "changed"
	// attrDropped lists what the changes of the last dropGrace took away.
	attrDropped = "dropped"
	// attrAdded says of each entry since when it is in the list, by AttrChanged: a
	// workspace made after that has had it from the start.
	attrAdded = "added"
	// AttrCursor is how far an unfinished pass has come.
	AttrCursor = "cursor"
)

// markDatasets stands among the marks of the trigram fields for the index rows
// of dataset inputs: all runs have those, and a table whose runs were settled
// before there were any gets the mark from a backfill. No field is named so.
const markDatasets = "datasets"

// noticed is after how long all servers write by a changed list, by whatever clocks.
const noticed = FreshFor + workspace.WriteTimeout + time.Minute

// dropGrace is how long servers go on with the index rows of a pattern or
// field that was taken away: another server, which has not noticed yet, may
// still rely on them.
const dropGrace = 5 * time.Minute

// markedList is what the marks say of one list of patterns or fields.
type markedList struct {
	Complete []string
	dropped  []string // lately
}

// marksOf reads the marks of an item whose list is in force, for a workspace that
// was made, empty, at born (ms; 0: it was not).
func marksOf(it table.Item, list []string, workspace string, born int64, now time.Time) markedList {
	marked := slices.Concat(ListOf(it, attrBackfilled), ListOf(it, BackfilledIn(workspace)))
	var m markedList
	for _, v := range list {
		if slices.Contains(marked, v) || born > 0 && born >= addedAt(it, v)+noticed.Milliseconds() {
			m.Complete = append(m.Complete, v)
		}
	}
	if now.UnixMilli()-it.Num(AttrChanged) < dropGrace.Milliseconds() {
		m.dropped = slices.DeleteFunc(ListOf(it, attrDropped), func(v string) bool { return slices.Contains(list, v) })
	}
	return m
}

// addedAt is when an entry came into the list of an item, at the latest, in ms.
func addedAt(it table.Item, entry string) int64 {
	added, _ := it.Get(attrAdded)
	if at, ok := packed.Dict(added.Strings()).Get(entry); ok {
		if ms, err := strconv.ParseInt(at, 10, 64); err == nil {
			return ms
		}
	}
	return it.Num(AttrChanged)
}

// BackfilledIn is the attribute with what is complete in one workspace.
func BackfilledIn(workspace string) string { return attrBackfilled + "." + workspace }

// List is one of the lists of the CONFIG items, with what is always in
// it though it may not be persisted.
type List struct {
	Attr   string
	always []string
}

// PatternList is the list of tag patterns.
func PatternList() List { return List{attrPatterns, nil} }

// FieldList is the list of trigram fields.
func FieldList() List {
	return List{attrFields, append(index.AlwaysFields(), markDatasets)}
}

// Of returns what is in force by an item.
func (l List) Of(it table.Item) []string { return UnionOf(l.always, ListOf(it, l.Attr)) }

// Set replaces the list of an item. What stays keeps its marks, what goes
// loses them and is remembered as dropped, and what comes has none: it was
// not, or not always, there before. A list that is equal stays as it is.
func (l List) Set(it *table.Item, list []string, now time.Time) {
	old, isThere := it.Get(l.Attr)
	if isThere && slices.Equal(old.Strings(), list) {
		return
	}
	was := l.Of(*it)
	it.Set(l.Attr, table.List(list))
	is := l.Of(*it)
	gone := func(v string) bool { return !slices.Contains(is, v) }
	for _, a := range slices.Clone(it.Attrs) {
		if a.Name == attrBackfilled || strings.HasPrefix(a.Name, attrBackfilled+".") {
			it.Set(a.Name, table.List(slices.DeleteFunc(slices.Clone(a.Value.Strings()), gone)))
		}
	}
	l.drop(it, was, is, now)
	changed := max(now.UnixMilli(), it.Num(AttrChanged)+1)
	var added packed.Dict
	for _, v := range is {
		at := changed
		if slices.Contains(was, v) {
			at = addedAt(*it, v)
		}
		added = added.Set(v, strconv.FormatInt(at, 10))
	}
	it.Set(attrAdded, table.Map(added))
	it.Set(AttrChanged, table.Number(changed))
}

// drop remembers what went with this change, and with those before it whose
// grace is not over.
func (l List) drop(it *table.Item, was, is []string, now time.Time) {
	var dropped []string
	if now.UnixMilli()-it.Num(AttrChanged) < dropGrace.Milliseconds() {
		dropped = ListOf(*it, attrDropped)
	}
	dropped = slices.DeleteFunc(UnionOf(dropped, was), func(v string) bool { return slices.Contains(is, v) })
	if len(dropped) == 0 {
		it.Remove(attrDropped)
		return
	}
	it.Set(attrDropped, table.List(dropped))
}

// completeAll marks all that is in force as complete in every workspace: of an
// item that is made on an empty table.
func (l List) completeAll(it *table.Item) { it.Set(attrBackfilled, table.List(l.Of(*it))) }
