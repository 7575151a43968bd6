package dynamodbstore

import (
	"slices"
	"strings"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
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
	// attrChanged is when the list was last changed, in ms. It goes up with
	// each change, so a list that comes and goes is told from one that stayed.
	attrChanged = "changed"
	// attrDropped lists what the changes of the last dropGrace took away.
	attrDropped = "dropped"
	// attrCursor is how far an unfinished pass has come.
	attrCursor = "cursor"
)

// markDatasets stands among the marks of the trigram fields for the index rows
// of dataset inputs: all runs have those, and a table whose runs were settled
// before there were any gets the mark from a backfill. No field is named so.
const markDatasets = "datasets"

// dropGrace is how long servers go on with the index rows of a pattern or
// field that was taken away: another server, which has not noticed yet, may
// still rely on them.
const dropGrace = 5 * time.Minute

// markedList is what the marks say of one list of patterns or fields.
type markedList struct {
	complete []string
	dropped  []string // lately
}

// marksOf reads the marks of an item whose list is in force.
func marksOf(it table.Item, list []string, workspace string, now time.Time) markedList {
	marked := slices.Concat(listOf(it, attrBackfilled), listOf(it, backfilledIn(workspace)))
	var m markedList
	for _, v := range list {
		if slices.Contains(marked, v) {
			m.complete = append(m.complete, v)
		}
	}
	if now.UnixMilli()-it.Num(attrChanged) < dropGrace.Milliseconds() {
		m.dropped = slices.DeleteFunc(listOf(it, attrDropped), func(v string) bool { return slices.Contains(list, v) })
	}
	return m
}

// backfilledIn is the attribute with what is complete in one workspace.
func backfilledIn(workspace string) string { return attrBackfilled + "." + workspace }

// configList is one of the lists of the CONFIG items, with what is always in
// it though it may not be persisted.
type configList struct {
	attr   string
	always []string
}

func patternList() configList { return configList{attrPatterns, nil} }
func fieldList() configList {
	return configList{attrFields, append(alwaysTrigramFields(), markDatasets)}
}

// of returns what is in force by an item.
func (l configList) of(it table.Item) []string { return unionOf(l.always, listOf(it, l.attr)) }

// set replaces the list of an item. What stays keeps its marks, what goes
// loses them and is remembered as dropped, and what comes has none: it was
// not, or not always, there before. A list that is equal stays as it is.
func (l configList) set(it *table.Item, list []string, now time.Time) {
	old, isThere := it.Get(l.attr)
	if isThere && slices.Equal(old.Strings(), list) {
		return
	}
	was := l.of(*it)
	it.Set(l.attr, table.List(list))
	is := l.of(*it)
	gone := func(v string) bool { return !slices.Contains(is, v) }
	for _, a := range slices.Clone(it.Attrs) {
		if a.Name == attrBackfilled || strings.HasPrefix(a.Name, attrBackfilled+".") {
			it.Set(a.Name, table.List(slices.DeleteFunc(slices.Clone(a.Value.Strings()), gone)))
		}
	}
	l.drop(it, was, is, now)
	it.Set(attrChanged, table.Number(max(now.UnixMilli(), it.Num(attrChanged)+1)))
}

// drop remembers what went with this change, and with those before it whose
// grace is not over.
func (l configList) drop(it *table.Item, was, is []string, now time.Time) {
	var dropped []string
	if now.UnixMilli()-it.Num(attrChanged) < dropGrace.Milliseconds() {
		dropped = listOf(*it, attrDropped)
	}
	dropped = slices.DeleteFunc(unionOf(dropped, was), func(v string) bool { return slices.Contains(is, v) })
	if len(dropped) == 0 {
		it.Remove(attrDropped)
		return
	}
	it.Set(attrDropped, table.List(dropped))
}

// completeAll marks all that is in force as complete in every workspace: of an
// item that is made on an empty table.
func (l configList) completeAll(it *table.Item) { it.Set(attrBackfilled, table.List(l.of(*it))) }
