package access

import "slices"

// Principal is who sends a request. An [Authenticator] makes it; nobody changes it
// afterwards.
type Principal struct {
	// ID is the number of the user, by which grants are found. It never returns
	// to another user. Services with users of their own may leave it 0 if their
	// [Authorizer] goes by the name.
	ID   int64
	Name string
	// Admin may do everything on the server, within Token.
	Admin bool
	// Method tells how the user was recognized, such as "basic" or "token", for
	// audit.
	Method string
	// Token limits what may be done by an API token. nil is no limit: a password, or
	// another proof that the user is there.
	Token *TokenScopes
	// GroupRoles are the ids of further roles, those that the groups in a token of
	// an identity provider stand for. They live as long as that token does.
	GroupRoles []int64
}

// TokenScopes is what a token may do at most, also that of an admin. Its zero value
// is nothing but reading what belongs to no workspace.
type TokenScopes struct {
	// AllWorkspaces lets it into every workspace, and to what belongs to none.
	AllWorkspaces bool
	// Workspaces lets it into these alone.
	Workspaces []string
	// Write lets it change what is there; without it the token reads only.
	Write bool
	// Administer lets it change users, passwords, tokens, roles and grants. It needs
	// Write too.
	Administer bool
}

// Within reports whether a token with these scopes may do nothing that one with the
// other scopes may not. A token makes no other tokens than those within itself.
func (s TokenScopes) Within(other TokenScopes) bool {
	if s.Write && !other.Write || s.Administer && !other.Administer || s.AllWorkspaces && !other.AllWorkspaces {
		return false
	}
	for _, w := range s.Workspaces {
		if !other.enters(w) {
			return false
		}
	}
	return true
}

func (s TokenScopes) enters(workspace string) bool {
	return s.AllWorkspaces || slices.Contains(s.Workspaces, workspace)
}

func (s TokenScopes) has(e Effect) bool {
	switch e {
	case Reads:
		return true
	case Writes:
		return s.Write
	default:
		return s.Write && s.Administer
	}
}

// Permits reports whether the token of the principal, if it came by one, lets it
// have an effect in a workspace. That is for what no [Requirement] stands for;
// [Grants.Decide] asks by itself.
func (p *Principal) Permits(e Effect, workspace string) bool {
	return p != nil && (p.Token == nil || p.Token.has(e) && p.Token.enters(workspace))
}
