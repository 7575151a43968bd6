package access

import "slices"

// Grants is a snapshot of what one user has been granted in one workspace. It does
// not change, and is safe for concurrent use. A nil *Grants is that of a user of
// whom nothing is known: [Grants.Decide] says what can be said without.
type Grants struct {
	user      int64
	workspace string
	policy    Policy

	admin  bool // of the workspace
	member bool // holds a role or a direct grant
	held   []Held
	// exact holds grants on single things, all those on all of a type. Both have
	// places of held, from 1; what several grants on one key come to is at the
	// place of the one that decides.
	exact map[key]int32
	all   [lastType + 1]int32
	// extra are further direct grants, few.
	extra []Held
}

// key is where a grant on a single thing is found. Internal ids are apart from
// names: who names a model like the internal id of another has nothing of it.
type key struct {
	typ   Type
	isUID bool
	id    string
}

// Holding is what [NewGrants] makes a snapshot of.
type Holding struct {
	User      int64  // see [Principal.ID]
	Workspace string // not ""
	// Roles are those of the workspace that the user holds, by assignment or by
	// groups.
	Roles []Role
	// Direct are the user's direct grants in the workspace.
	Direct []Grant
}

// NewGrants makes a snapshot. It never fails: grants that [ParseRoleGrant] would
// not have let in are without effect, but what is no level counts as DENY, and so
// does NO_PERMISSIONS, of which MLflow's older databases have grants.
func NewGrants(policy Policy, h Holding) *Grants {
	g := &Grants{user: h.User, workspace: h.Workspace, policy: policy, exact: map[key]int32{}}
	g.member = len(h.Roles)+len(h.Direct) > 0
	for _, r := range h.Roles {
		for _, grant := range r.Grants {
			g.add(Held{grant, r.ID, r.Name})
		}
	}
	for _, grant := range h.Direct {
		g.add(Held{Grant: grant})
	}
	return g
}

// With is the snapshot with further direct grants on single things: such as one
// that the user has got since for something just created. It shares everything
// else, and costs no more than a small copy; looking for a grant goes through all
// of them.
func (g *Grants) With(direct ...Grant) *Grants {
	more := *g
	more.extra = slices.Clone(g.extra)
	for _, grant := range direct {
		if h := (Held{Grant: normal(grant)}); h.Pattern != Any {
			more.extra = append(more.extra, h)
		}
	}
	more.member = g.member || len(direct) > 0
	return &more
}

// Workspace is the workspace that the snapshot is of.
func (g *Grants) Workspace() string { return g.workspace }

// normal is a grant whose level is one and whose id is canonical.
func normal(grant Grant) Grant {
	if grant.Level == LevelNone || grant.Level > LevelDeny {
		grant.Level = LevelDeny
	}
	if grant.Pattern != Any {
		grant.Pattern = canonicalID(grant.Type, grant.Pattern)
	}
	return grant
}

func (g *Grants) add(h Held) {
	h.Grant = normal(h.Grant)
	k, single := h.key()
	switch {
	case single:
		g.held = append(g.held, h)
		g.exact[k] = g.stronger(g.exact[k], int32(len(g.held))) //nolint:gosec // no user has two billion grants
	case h.Pattern == Any && h.Type.valid():
		g.held = append(g.held, h)
		g.all[h.Type] = g.stronger(g.all[h.Type], int32(len(g.held))) //nolint:gosec // as above
		g.admin = g.admin || h.Type == Workspace && h.Level == LevelManage
	default:
	}
}

// key is where a grant on a single thing stands; not every grant is one.
func (h *Held) key() (key, bool) {
	k := key{typ: h.Type, id: h.Pattern}
	if h.Role == 0 && h.Type.hasUID() {
		k.typ, k.isUID = RegisteredModel, true
	}
	return k, h.Type.ByID() && h.Pattern != Any && h.Pattern != "" && h.Pattern != unknown
}

// stronger is the place of the grant that decides between two on one key; 0 is
// none.
func (g *Grants) stronger(a, b int32) int32 {
	if a == 0 || b != 0 && g.held[b-1].Level > g.held[a-1].Level {
		return b
	}
	return a
}

// find returns the grant that decides at a rung, nil if there is none: DENY if there
// is one, else the highest, those on all and on the single thing alike.
//
// Source: MLflow 3.18, server/auth/requirements.py, fold_grants_for_key.
func (g *Grants) find(r *rung) *Held {
	best := g.all[r.typ]
	switch r.by {
	case byID, byName:
		best = g.stronger(g.exact[key{typ: r.typ, id: r.id}], best)
	case byBoth:
		best = g.stronger(g.exact[key{typ: r.typ, id: r.id}], best)
		best = g.stronger(g.exact[key{typ: RegisteredModel, isUID: true, id: r.uid}], best)
	default:
	}
	if len(g.extra) > 0 {
		return g.findExtra(r, best)
	}
	if best == 0 {
		return nil
	}
	return &g.held[best-1]
}

func (g *Grants) findExtra(r *rung, best int32) *Held {
	var found *Held
	if best != 0 {
		found = &g.held[best-1]
	}
	want, ok := r.directKey()
	if !ok {
		return found
	}
	for i := range g.extra {
		h := &g.extra[i]
		if k, single := h.key(); single && k == want && (found == nil || h.Level > found.Level) {
			found = h
		}
	}
	return found
}
