package access

import (
	"iter"
	"strconv"
	"strings"
)

// Requirement is one thing that a request needs. Constructors make it, and methods
// say on what:
//
//	access.Read(access.Experiment).ID(exp)                 // the experiment
//	access.Update(access.Run).Of(exp)                      // runs; without a grant on them the experiment
//	access.Delete(access.RegisteredModel).Named(name, uid) // a model
//	access.NotDenied(access.Trace)                         // all of the type
//	access.WorkspaceAdmin().In(workspace)                  // in another workspace than the request's
//
// Requirements are values and never change. The zero Requirement, and one that
// makes no sense, such as an id on a type without ids, nobody meets: a mistake in a
// rule refuses.
type Requirement struct {
	action Action
	effect Effect
	own    rung
	parent rung // of NoAction where there is none
	// workspace is "" for that of the request.
	workspace string
	user      string        // of ActionBe
	any       []Requirement // of ActionAnyOf
}

// rung is one place of a chain where grants are looked for, and what has to be
// allowed there.
type rung struct {
	typ    Type
	action Action
	by     identity
	id     string // canonical
	uid    string
}

// identity is by what a rung names its thing.
type identity uint8

const (
	byAll  identity = iota // all of a type
	byID                   // an id
	byName                 // a name that nothing has yet
	byBoth                 // a name and an internal id
)

// Read asks for READ on things of a type: on all of them, if nothing more is said.
func Read(t Type) Requirement { return onType(ActionRead, t) }

// Use asks for USE.
func Use(t Type) Requirement { return onType(ActionUse, t) }

// Update asks for EDIT.
func Update(t Type) Requirement { return onType(ActionUpdate, t) }

// Delete asks for MANAGE, as deleting does in MLflow.
func Delete(t Type) Requirement { return onType(ActionDelete, t) }

// Manage asks for MANAGE.
func Manage(t Type) Requirement { return onType(ActionManage, t) }

// NotDenied asks that nothing denies it, and for nothing positive: it goes with
// other requirements. Whoever creates something in an experiment needs [Update] of
// it and NotDenied of the type, since a grant on a type would let them create
// everywhere.
func NotDenied(t Type) Requirement { return onType(ActionNotDenied, t) }

// MayCreate asks for USE in the workspace. Without workspaces everybody may.
func MayCreate() Requirement { return Requirement{action: ActionMayCreate} }

// Enter asks for any right in the workspace at all. Whom it refuses must not learn
// that the workspace exists. Without workspaces everybody may.
func Enter() Requirement { return Requirement{action: ActionEnter} }

// HoldRole asks for a role in the workspace, whatever it grants, or a direct grant.
func HoldRole() Requirement { return Requirement{action: ActionHoldRole} }

// WorkspaceAdmin asks for MANAGE on the workspace.
func WorkspaceAdmin() Requirement { return Requirement{action: ActionWorkspaceAdmin} }

// ServerAdmin asks for an admin of the server.
func ServerAdmin() Requirement { return Requirement{action: ActionServerAdmin} }

// Be asks to be the user of a name.
func Be(user string) Requirement { return Requirement{action: ActionBe, user: user} }

// Anyone asks for a user, any one. A token may still not have the effect, see
// [Requirement.WhichWrites].
func Anyone() Requirement { return Requirement{action: ActionAnyone} }

// AnyOf asks for one of several. Of none, nobody has one.
func AnyOf(some ...Requirement) Requirement { return Requirement{action: ActionAnyOf, any: some} }

func onType(a Action, t Type) Requirement {
	return Requirement{action: a, own: rung{typ: t, action: a}}
}

// ID asks for the thing of that id: an experiment, a scorer (see [ScorerID]), a
// gateway thing, an MCP server, a skill. An id that nothing has, "" too, is answered
// as any other: by grants on all. Models and prompts are [Requirement.Named].
func (r Requirement) ID(id string) Requirement {
	r.own.by, r.own.id = byID, canonicalID(r.own.typ, id)
	return r
}

// Named asks for a model or prompt, by its name and its internal id. Grants may be
// on either, so a thing whose internal id is unknown, "", is refused.
func (r Requirement) Named(name, uid string) Requirement {
	r.own.by, r.own.id, r.own.uid = byBoth, name, uid
	return r
}

// New asks for a name that a model or prompt is to get. Nothing has the name, so
// only roles can have grants on it.
func (r Requirement) New(name string) Requirement {
	r.own.by, r.own.id = byName, name
	return r
}

// Of adds the parent of that id, which decides if there is no grant on the type
// itself: the experiment of a run, the scorer of a version of it.
func (r Requirement) Of(id string) Requirement {
	return r.Else(onType(r.action, r.own.typ.Parent()).ID(id))
}

// OfNamed is [Requirement.Of] for versions, whose parent is [Requirement.Named].
func (r Requirement) OfNamed(name, uid string) Requirement {
	return r.Else(onType(r.action, r.own.typ.Parent()).Named(name, uid))
}

// Else says what decides, if there is no grant on the type itself, where that is
// more than another place to look:
//
//	access.Delete(access.Assessment).Else(access.Update(access.Experiment).ID(exp))
//
// A requirement has one such place at most, and other has none; nobody meets what
// says more, or what asks for something else than levels.
func (r Requirement) Else(other Requirement) Requirement {
	if !r.action.byLevel() || !other.action.byLevel() || r.parent.action != NoAction || other.parent.action != NoAction {
		return Requirement{}
	}
	r.parent = other.own
	return r
}

// In asks in another workspace than that of the request.
func (r Requirement) In(workspace string) Requirement {
	r.workspace = workspace
	if r.action == ActionAnyOf {
		some := make([]Requirement, len(r.any))
		for i, o := range r.any {
			some[i] = o.In(workspace)
		}
		r.any = some
	}
	return r
}

// InAnyWorkspace asks for it in whichever workspace the user belongs to.
func (r Requirement) InAnyWorkspace() Requirement { return r.In(Any) }

// WhichReads says that a request only reads, though it needs what mostly changes
// something, such as a list that only admins may see.
func (r Requirement) WhichReads() Requirement { return r.which(Reads) }

// WhichWrites says that a request changes something or costs something.
func (r Requirement) WhichWrites() Requirement { return r.which(Writes) }

// WhichAdministers says that a request changes users, passwords, tokens, roles or
// grants.
func (r Requirement) WhichAdministers() Requirement { return r.which(Administers) }

// effectGiven marks an effect that was said, as the zero effect means something.
const effectGiven = 1 << 7

func (r Requirement) which(e Effect) Requirement {
	r.effect = e | effectGiven
	if r.action == ActionAnyOf {
		some := make([]Requirement, len(r.any))
		for i, o := range r.any {
			some[i] = o.which(e)
		}
		r.any = some
	}
	return r
}

// Action is what it asks for.
func (r Requirement) Action() Action { return r.action }

// Effect is what the request does.
func (r Requirement) Effect() Effect {
	if r.effect&effectGiven != 0 {
		return r.effect &^ effectGiven
	}
	return r.action.effect()
}

// Workspace is where it asks: "" for the workspace of the request, [Any] for
// whichever the user belongs to.
func (r Requirement) Workspace() string { return r.workspace }

// DirectKeys are what direct grants could decide it, beside those on all of a type:
// what to read where not all direct grants of a user are known, see [Grants.With].
// Models and prompts are under [RegisteredModel], by internal id.
func (r Requirement) DirectKeys() iter.Seq2[Type, string] {
	return func(yield func(Type, string) bool) {
		if r.action == ActionAnyOf {
			for _, o := range r.any {
				for t, id := range o.DirectKeys() {
					if !yield(t, id) {
						return
					}
				}
			}
			return
		}
		for _, g := range []rung{r.own, r.parent} {
			key, ok := g.directKey()
			if ok && !yield(key.typ, key.id) {
				return
			}
		}
	}
}

func (g rung) directKey() (key, bool) {
	switch {
	case g.action == NoAction || !g.makesSense():
	case g.by == byID:
		return key{typ: g.typ, id: g.id}, g.id != ""
	case g.by == byBoth:
		return key{typ: RegisteredModel, id: g.uid, isUID: true}, g.uid != ""
	default:
	}
	return key{}, false
}

// makesSense: the type is one, and can be named as it is.
func (g rung) makesSense() bool {
	switch g.by {
	case byAll:
		return g.typ.valid()
	case byID:
		return g.typ.ByID() && !g.typ.hasUID()
	case byName:
		return g.typ.hasUID()
	default:
		return g.typ.hasUID() && g.uid != ""
	}
}

func (r Requirement) makesSense() bool {
	return r.own.makesSense() && (r.parent.action == NoAction || r.parent.makesSense())
}

// String is the requirement for logs and people, such as
//
//	update run ← experiment "5"
func (r Requirement) String() string {
	var b strings.Builder
	switch {
	case r.action == NoAction, r.action == ActionAnyOf && len(r.any) == 0:
		return "what nobody has"
	case r.action == ActionAnyOf:
		for i, o := range r.any {
			if i > 0 {
				b.WriteString(" or ")
			}
			b.WriteString(o.String())
		}
		return b.String()
	case r.action.byLevel():
		b.WriteString(r.own.String())
		if r.parent.action != NoAction {
			b.WriteString(" ← ")
			if r.parent.action != r.action {
				b.WriteString(r.parent.action.String() + " ")
			}
			b.WriteString(r.parent.thing())
		}
	default:
		b.WriteString(r.action.String())
		if r.action == ActionBe {
			b.WriteString(" " + strconv.Quote(r.user))
		}
	}
	switch r.workspace {
	case "":
	case Any:
		b.WriteString(" in any workspace")
	default:
		b.WriteString(" in workspace " + strconv.Quote(r.workspace))
	}
	return b.String()
}

func (g rung) String() string { return g.action.String() + " " + g.thing() }

func (g rung) thing() string {
	if g.by == byAll {
		return g.typ.String()
	}
	return g.typ.String() + " " + strconv.Quote(g.id)
}
