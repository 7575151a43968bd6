package access

import "strings"

// Grant is a level on one thing or on all things of a type, in one workspace.
type Grant struct {
	Type Type
	// Pattern is [Any] or an id: of an experiment, a scorer (see [ScorerID]), a
	// gateway thing, the name of an MCP server or skill. In roles it is the name of a
	// model or prompt, which admins write. In direct grants it is the internal id of
	// the model or prompt, so that renaming takes the grant along and a later
	// model of the name has nothing of it; there [RegisteredModel] and [Prompt] are
	// one, as a tag turns the one into the other.
	Pattern string
	Level   Level
}

// Role is a role that a user holds, with what it grants. Also a role without grants
// counts: its holders belong to the workspace.
type Role struct {
	ID     int64
	Name   string
	Grants []Grant
}

// Held is a grant, and where it comes from.
type Held struct {
	Grant
	Role     int64  // 0: a direct grant
	RoleName string // "" of a direct grant
}

// ParseRoleGrant reads a permission that a role is to have. It returns what MLflow
// says about wrong levels, types, levels on types and patterns, in this order, as
// INVALID_PARAMETER_VALUE. The pattern comes back as it is to be kept: experiment "07"
// is "7".
//
// MLflow takes scorers without a slash or with a wrong encoding, and empty names, and never finds
// them again; here they are refused. It also takes digits of other scripts and
// underscores in experiment ids.
//
// Source: MLflow 3.18, server/auth/sqlalchemy_store.py, add_role_permission.
func ParseRoleGrant(typ, pattern, level string) (Grant, error) {
	l, err := ParseLevel(level)
	if err != nil {
		return Grant{}, err
	}
	t, err := ParseType(typ)
	if err != nil {
		return Grant{}, err
	}
	if err := checkLevel(t, l); err != nil {
		return Grant{}, err
	}
	if err := checkGrain(t, pattern); err != nil {
		return Grant{}, err
	}
	if pattern, err = parsePattern(t, pattern); err != nil {
		return Grant{}, err
	}
	return Grant{t, pattern, l}, nil
}

// ParseDirectGrant reads what a user is to be granted directly. Mistakes are found in
// MLflow's order: type, pattern, level. Membership in a workspace comes by roles only. The
// pattern of a model or prompt is still its name; the caller puts the internal id
// in its place.
//
// MLflow takes experiment ids that are no numbers, and never finds them again; here
// they are refused as they are in roles.
//
// Source: MLflow 3.18, server/auth/sqlalchemy_store.py, grant_user_permissions.
func ParseDirectGrant(typ, id, level string) (Grant, error) {
	t, err := parseDirectType(typ, id)
	if err != nil {
		return Grant{}, err
	}
	l, err := ParseLevel(level)
	if err != nil {
		return Grant{}, err
	}
	if err := checkLevel(t, l); err != nil {
		return Grant{}, err
	}
	if id, err = parsePattern(t, id); err != nil {
		return Grant{}, err
	}
	return Grant{t, id, l}, nil
}

// ParseDirectKey reads what a direct grant is on, as [ParseDirectGrant] does.
func ParseDirectKey(typ, id string) (Type, string, error) {
	t, err := parseDirectType(typ, id)
	if err != nil {
		return NoType, "", err
	}
	id, err = parsePattern(t, id)
	return t, id, err
}

func parseDirectType(typ, id string) (Type, error) {
	if typ == Workspace.String() {
		return NoType, invalidf("resource_type 'workspace' is not supported by the per-user permission convenience APIs. " +
			"Use set_workspace_permission / delete_workspace_permission for workspace-wide grants.")
	}
	t, err := ParseType(typ)
	if err != nil {
		return NoType, err
	}
	return t, checkGrain(t, id)
}

// checkLevel refuses levels that cannot be granted on a type.
//
// Source: MLflow 3.18, server/auth/permissions.py, _validate_permission_for_resource_type.
func checkLevel(t Type, l Level) error {
	if t.Grantable(l) {
		return nil
	}
	kind := "Resource-level"
	switch t {
	case Workspace:
		kind = "Workspace-wide"
	case Skill:
		kind = "Skill Registry"
	default:
	}
	var names []string
	for _, g := range []Level{LevelDeny, LevelEdit, LevelManage, LevelRead, LevelUse} { // sorted by name
		if t.Grantable(g) {
			names = append(names, "'"+g.String()+"'")
		}
	}
	return invalidf("Invalid permission '%s' for resource_type='%s'. %s grants accept only: (%s).",
		l, t, kind, strings.Join(names, ", "))
}
