package access

import "strconv"

// Reason is why a requirement was met or not.
type Reason uint8

// The reasons.
const (
	// ByNothing: there is no grant anywhere, and nothing else that allows it.
	ByNothing Reason = iota
	// ByGrant: [Decision.Held] decided.
	ByGrant
	// ByDefault: there is no grant anywhere, and the server's default decided.
	ByDefault
	// ByServerAdmin: the user is an admin of the server.
	ByServerAdmin
	// ByWorkspaceAdmin: the user is an admin of the workspace.
	ByWorkspaceAdmin
	// ByToken: the token may not, whatever its user may.
	ByToken
	// ByIdentity: it is about who the user is.
	ByIdentity
	// ByMistake: nobody can meet the requirement, because it makes no sense, or asks
	// for something that is not there.
	ByMistake
)

// Decision is the answer to one requirement, and why. It says nothing that clients
// may see.
type Decision struct {
	Allowed bool
	Reason  Reason
	// Level is what the user has, where levels decided, [Policy.Default] taken into
	// account.
	Level Level
	// Held is the grant that decided, if it was one: the first by which nothing else
	// would have come out. It must not be changed.
	Held *Held
}

// String says why, for the command line and for audit:
//
//	allowed: EDIT by role "team" on experiment "5"
func (d Decision) String() string {
	s := "refused: "
	if d.Allowed {
		s = "allowed: "
	}
	switch d.Reason {
	case ByGrant:
		return s + d.Level.String() + " by " + d.Held.String()
	case ByDefault:
		return s + d.Level.String() + " by default"
	case ByServerAdmin:
		return s + "server admin"
	case ByWorkspaceAdmin:
		return s + "workspace admin"
	case ByToken:
		return s + "token is limited"
	case ByIdentity:
		return s + "by identity"
	case ByMistake:
		return s + "nobody can have it"
	default:
		return s + "no grant"
	}
}

// String names the grant: its origin and what it is on.
func (h *Held) String() string {
	s := "direct grant"
	if h.Role != 0 {
		s = "role " + strconv.Quote(h.RoleName)
	}
	if h.Pattern == Any {
		return s + " on all of " + h.Type.String()
	}
	return s + " on " + h.Type.String() + " " + strconv.Quote(h.Pattern)
}
