package access

import "fmt"

// Action is what somebody wants to do, or has to be.
type Action uint8

// The actions that levels answer, see [Level.Allows].
const (
	NoAction Action = iota
	ActionRead
	ActionUse
	ActionUpdate
	ActionDelete
	ActionManage
	// ActionNotDenied is met unless there is a DENY.
	ActionNotDenied
)

// The actions that ask about the user. [MayCreate] and its neighbours explain them.
const (
	ActionMayCreate Action = iota + ActionNotDenied + 1
	ActionEnter
	ActionHoldRole
	ActionWorkspaceAdmin
	ActionServerAdmin
	ActionBe
	ActionAnyone
	// ActionAnyOf is met if one of several requirements is.
	ActionAnyOf
)

// String is the action in a word or two, for logs and the command line.
func (a Action) String() string {
	names := [...]string{
		ActionRead: "read", ActionUse: "use", ActionUpdate: "update", ActionDelete: "delete", ActionManage: "manage",
		ActionNotDenied: "not denied", ActionMayCreate: "may create", ActionEnter: "enter", ActionHoldRole: "hold a role",
		ActionWorkspaceAdmin: "workspace admin", ActionServerAdmin: "server admin", ActionBe: "be", ActionAnyone: "anyone",
		ActionAnyOf: "any of",
	}
	if a == NoAction || int(a) >= len(names) {
		return fmt.Sprintf("Action(%d)", uint8(a))
	}
	return names[a]
}

// byLevel reports whether levels answer the action.
func (a Action) byLevel() bool { return a >= ActionRead && a <= ActionNotDenied }

// Effect is what a request does to the server, by which tokens are limited.
type Effect uint8

// The effects.
const (
	// Reads changes nothing.
	Reads Effect = iota
	// Writes changes what is in a workspace, or costs something, as using an
	// endpoint does.
	Writes
	// Administers changes who may do what: users, passwords, tokens, roles, grants.
	Administers
)

// effect is what doing it does where the requirement says nothing else.
func (a Action) effect() Effect {
	switch a {
	case ActionRead, ActionNotDenied, ActionEnter, ActionHoldRole, ActionBe, ActionAnyone:
		return Reads
	default:
		return Writes
	}
}
