package access

import (
	"maps"
	"slices"
)

// Scope is which things of a type a user may read, for lists: all, none, some, or all
// but some. The zero Scope is none. It does not change, and is safe for concurrent
// use.
type Scope struct {
	// rest is about things that are not in known.
	rest  bool
	known map[ident]bool
}

// ident is an id, a name or an internal id.
type ident struct {
	isUID bool
	id    string
}

// All is everything.
func All() Scope { return Scope{rest: true} }

// None is nothing.
func None() Scope { return Scope{} }

// Only is the things of these ids.
func Only(ids ...string) Scope { return newScope(false, ids) }

// AllBut is everything but the things of these ids.
func AllBut(ids ...string) Scope { return newScope(true, ids) }

func newScope(rest bool, ids []string) Scope {
	s := Scope{rest: rest, known: make(map[ident]bool, len(ids))}
	for _, id := range ids {
		s.known[ident{id: id}] = !rest
	}
	return s
}

// Has reports whether the thing of an id may be read. Things that have a parent go
// by that: of [Run] it is asked with the id of the experiment. Of models and
// prompts [Scope.HasNamed] is asked.
func (s Scope) Has(id string) bool {
	if len(s.known) == 0 {
		return s.rest
	}
	if in, ok := s.known[ident{id: id}]; ok {
		return in
	}
	return s.rest
}

// HasNamed reports whether a model or prompt, or its versions, may be read, by its
// name and its internal id. What is denied by either may not.
func (s Scope) HasNamed(name, uid string) bool {
	if len(s.known) == 0 {
		return s.rest
	}
	byName, named := s.known[ident{id: name}]
	byUID, numbered := s.known[ident{isUID: true, id: uid}]
	switch {
	case named && numbered:
		return byName && byUID
	case named:
		return byName
	case numbered:
		return byUID
	default:
		return s.rest
	}
}

// IsAll reports whether nothing is left out, so that a search need not ask.
func (s Scope) IsAll() bool { return s.rest && !s.has(false) }

// IsNone reports whether nothing is in it, so that a search need not begin.
func (s Scope) IsNone() bool { return !s.rest && !s.has(true) }

func (s Scope) has(in bool) bool {
	for _, is := range s.known {
		if is == in {
			return true
		}
	}
	return false
}

// Candidates lists what may be in it if that is few: ids or names, and internal ids,
// each sorted. What is found by them has still to be asked for by Has or HasNamed.
// ok is false for a scope of nearly everything.
func (s Scope) Candidates() (ids, uids []string, ok bool) {
	if s.rest {
		return nil, nil, false
	}
	for i, in := range s.known {
		switch {
		case !in:
		case i.isUID:
			uids = append(uids, i.id)
		default:
			ids = append(ids, i.id)
		}
	}
	slices.Sort(ids)
	slices.Sort(uids)
	return ids, uids, true
}

// Filter returns the ids that are in it, in their order.
func (s Scope) Filter(ids []string) []string {
	var in []string
	for _, id := range ids {
		if s.Has(id) {
			in = append(in, id)
		}
	}
	return in
}

// And is what is in both scopes, of one type or of types with one parent.
func (s Scope) And(other Scope) Scope {
	switch {
	case len(s.known) == 0 && s.rest:
		return other
	case len(other.known) == 0 && other.rest:
		return s
	}
	both := Scope{rest: s.rest && other.rest, known: make(map[ident]bool, len(s.known)+len(other.known))}
	for _, known := range []map[ident]bool{s.known, other.known} {
		for i := range known {
			both.known[i] = s.of(i) && other.of(i)
		}
	}
	return both
}

func (s Scope) of(i ident) bool {
	if in, ok := s.known[i]; ok {
		return in
	}
	return s.rest
}

// String is for logs and tests.
func (s Scope) String() string {
	switch {
	case s.IsAll():
		return "all"
	case s.IsNone():
		return "none"
	case s.rest:
		return "all but some"
	default:
		return "some"
	}
}

// Scope is which things of a type a user may read in the workspace: exactly those for
// which Decide allows each requirement of [ToRead]. It costs as many decisions
// as there are grants on single things of the type or its parent.
func (g *Grants) Scope(p *Principal, t Type) Scope {
	if t == Workspace {
		if g.Decide(p, Enter()).Allowed {
			return Only(g.asked(&Requirement{}))
		}
		return None()
	}
	need := ToRead(t, Ref{unknown, unknown})
	s := Scope{rest: g.reads(p, need), known: map[ident]bool{}}
	if g == nil {
		return s
	}
	top := t
	if parent := t.Parent(); parent != NoType {
		top = parent
	}
	for k := range g.exact {
		g.look(p, need, top, k, s)
	}
	for i := range g.extra {
		if k, single := g.extra[i].key(); single {
			g.look(p, need, top, k, s)
		}
	}
	maps.DeleteFunc(s.known, func(_ ident, in bool) bool { return in == s.rest && (in || !top.hasUID()) })
	return s
}

// unknown is an id that no grant is on: no id of MLflow's has this byte.
const unknown = "\xff"

// look asks for the thing that a grant is on. What is said about a name is looked at
// beside an unknown internal id, and the other way round: reading is refused if one
// of them is denied, and allowed if neither is and one is granted.
func (g *Grants) look(p *Principal, need []Requirement, top Type, k key, s Scope) {
	ref := Ref{k.id, unknown}
	switch {
	case k.isUID && top.hasUID():
		ref = Ref{unknown, k.id}
	case k.isUID || k.typ != top:
		return
	}
	for i := range need {
		need[i].own = need[i].own.renamed(ref)
		need[i].parent = need[i].parent.renamed(ref)
	}
	s.known[ident{k.isUID, k.id}] = g.reads(p, need)
}

// renamed is the rung for another thing, whose id is canonical, if it is for one.
func (g rung) renamed(ref Ref) rung {
	switch g.by {
	case byID, byName:
		g.id = ref.ID
	case byBoth:
		g.id, g.uid = ref.ID, ref.UID
	default:
	}
	return g
}

func (g *Grants) reads(p *Principal, need []Requirement) bool {
	for i := range need {
		if !g.decide(p, &need[i]).Allowed {
			return false
		}
	}
	return true
}
