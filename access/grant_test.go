package access_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/access"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

const (
	typesText  = "Valid resource types are: ('assessment', 'experiment', 'gateway_endpoint', 'gateway_model_definition', 'gateway_secret', 'logged_model', 'mcp_server', 'mcp_server_version', 'prompt', 'prompt_version', 'registered_model', 'registered_model_version', 'review_queue', 'run', 'scorer', 'scorer_version', 'skill', 'trace', 'workspace')"
	levelsText = "Valid permissions are: ('READ', 'USE', 'EDIT', 'MANAGE', 'NO_PERMISSIONS', 'DENY')"
	numberText = "Experiment ID must be a valid integer."
	skillText  = "Invalid Skill Registry resource_id. Expected 'name' or '@organization/name'."
	scorerText = "Invalid scorer resource_id. Expected '<experiment_id>/<scorer_name>'."
	memberText = "resource_type 'workspace' is not supported by the per-user permission convenience APIs. " +
		"Use set_workspace_permission / delete_workspace_permission for workspace-wide grants."
)

func onlyAll(typ, pattern string) string {
	return "Invalid resource_pattern '" + pattern + "' for resource_type='" + typ + "'. This resource type supports only wildcard ('*') grants."
}

// TestParseGrants: what a server of MLflow 3.18.0 answered when the same was added to
// a role and granted to a user. A pattern in the place of a text is what it keeps.
// own marks where this package refuses what MLflow keeps and never finds.
func TestParseGrants(t *testing.T) {
	t.Parallel()
	const resource = "Resource-level grants accept only: ('DENY', 'EDIT', 'MANAGE', 'READ', 'USE')."
	for _, c := range []struct {
		typ, pattern, level string
		role, direct        string
		own                 bool
	}{
		{"nope", "*", "READ", "Invalid resource type 'nope'. " + typesText, "Invalid resource type 'nope'. " + typesText, false},
		{"nope", "x", "NOPE", "Invalid permission 'NOPE'. " + levelsText, "Invalid resource type 'nope'. " + typesText, false},
		{"experiment", "*", "READX", "Invalid permission 'READX'. " + levelsText, "Invalid permission 'READX'. " + levelsText, false},
		{"experiment", "*", "read", "Invalid permission 'read'. " + levelsText, "Invalid permission 'read'. " + levelsText, false},
		{"experiment", "*", "NO_PERMISSIONS", "Invalid permission 'NO_PERMISSIONS' for resource_type='experiment'. " + resource, "Invalid permission 'NO_PERMISSIONS' for resource_type='experiment'. " + resource, false},
		{"experiment", "m*", "READX", "Invalid permission 'READX'. " + levelsText, "Invalid permission 'READX'. " + levelsText, false},
		{"workspace", "*", "READ", "Invalid permission 'READ' for resource_type='workspace'. Workspace-wide grants accept only: ('MANAGE', 'USE').", memberText, false},
		{"workspace", "*", "DENY", "Invalid permission 'DENY' for resource_type='workspace'. Workspace-wide grants accept only: ('MANAGE', 'USE').", memberText, false},
		{"workspace", "x", "READ", "Invalid permission 'READ' for resource_type='workspace'. Workspace-wide grants accept only: ('MANAGE', 'USE').", memberText, false},
		{"workspace", "x", "USE", onlyAll("workspace", "x"), memberText, false},
		{"workspace", "*", "USE", "*", memberText, false},
		{"run", "abc", "READ", onlyAll("run", "abc"), onlyAll("run", "abc"), false},
		{"run", "abc", "NOPE", "Invalid permission 'NOPE'. " + levelsText, onlyAll("run", "abc"), false},
		{"registered_model_version", "m", "NO_PERMISSIONS", "Invalid permission 'NO_PERMISSIONS' for resource_type='registered_model_version'. " + resource, onlyAll("registered_model_version", "m"), false},
		{"experiment", "7", "READ", "7", "7", false},
		{"experiment", " 07", "READ", "7", "7", false},
		{"experiment", "\u00a07\u2003", "READ", "7", "7", false},
		{"experiment", "+8", "READ", "8", "8", false},
		{"experiment", "-3", "READ", "-3", "-3", false},
		{"experiment", "-0", "READ", "0", "0", false},
		{"experiment", "m*", "READ", "Invalid experiment ID 'm*'. " + numberText, "Invalid experiment ID 'm*'. " + numberText, true},
		{"experiment", "", "READ", "Invalid experiment ID ''. " + numberText, "Invalid experiment ID ''. " + numberText, true},
		{"experiment", "+ 1", "READ", "Invalid experiment ID '+ 1'. " + numberText, "Invalid experiment ID '+ 1'. " + numberText, true},
		{"experiment", "1_0", "READ", "Invalid experiment ID '1_0'. " + numberText, "Invalid experiment ID '1_0'. " + numberText, true},
		{"experiment", "99999999999999999999", "READ", "Invalid experiment ID '99999999999999999999'. " + numberText, "Invalid experiment ID '99999999999999999999'. " + numberText, true},
		{"scorer", "7/a%2Fb", "READ", "7/a%2Fb", "7/a%2Fb", false},
		{"scorer", "07/a%20b", "READ", "7/a%20b", "7/a%20b", false},
		{"scorer", "7/a b", "READ", "7/a%20b", "7/a%20b", true},
		{"scorer", "7/a/b", "READ", "7/a%2Fb", "7/a%2Fb", true},
		{"scorer", "7/a%2fb", "READ", "7/a%2Fb", "7/a%2Fb", true},
		{"scorer", "nosl", "READ", scorerText, scorerText, true},
		{"scorer", "7/", "READ", scorerText, scorerText, true},
		{"scorer", "7/%ZZ", "READ", scorerText, scorerText, true},
		{"scorer", "*/x", "READ", scorerText, scorerText, true},
		{"skill", "a", "USE", "Invalid permission 'USE' for resource_type='skill'. Skill Registry grants accept only: ('DENY', 'EDIT', 'MANAGE', 'READ').", "Invalid permission 'USE' for resource_type='skill'. Skill Registry grants accept only: ('DENY', 'EDIT', 'MANAGE', 'READ').", false},
		{"skill", "a/b", "USE", "Invalid permission 'USE' for resource_type='skill'. Skill Registry grants accept only: ('DENY', 'EDIT', 'MANAGE', 'READ').", "Invalid permission 'USE' for resource_type='skill'. Skill Registry grants accept only: ('DENY', 'EDIT', 'MANAGE', 'READ').", false},
		{"skill", "a", "READ", "a", "a", false},
		{"skill", "@o/n", "READ", "@o/n", "@o/n", false},
		{"skill", "*", "DENY", "*", "*", false},
		{"skill", "", "READ", skillText, skillText, false},
		{"skill", "a/b", "READ", skillText, skillText, false},
		{"skill", "@o", "READ", skillText, skillText, false},
		{"skill", "@/n", "READ", skillText, skillText, false},
		{"skill", "@o/n/x", "READ", skillText, skillText, false},
		{"mcp_server", "a/b", "USE", "a/b", "a/b", false},
		{"registered_model", "a/b", "READ", "a/b", "a/b", false},
		{"registered_model", "m*", "DENY", "m*", "m*", false},
		{"gateway_secret", "s-1", "DENY", "s-1", "s-1", false},
		{"prompt", "", "READ", "Invalid resource_pattern '' for resource_type='prompt'. It must not be empty.", "Invalid resource_pattern '' for resource_type='prompt'. It must not be empty.", true},
	} {
		role, err := access.ParseRoleGrant(c.typ, c.pattern, c.level)
		requireParsed(t, c.role, c.level, role, err)
		direct, err := access.ParseDirectGrant(c.typ, c.pattern, c.level)
		requireParsed(t, c.direct, c.level, direct, err)
		if err == nil {
			typ, id, err := access.ParseDirectKey(c.typ, c.pattern)
			require.NoError(t, err)
			require.Equal(t, [2]any{direct.Type, direct.Pattern}, [2]any{typ, id})
		}
	}
}

// requireParsed: want is a text of MLflow, which has several words, or the pattern.
func requireParsed(t *testing.T, want, level string, got access.Grant, err error) {
	t.Helper()
	if !strings.Contains(want, " ") {
		require.NoError(t, err)
		require.Equal(t, want, got.Pattern)
		require.Equal(t, level, got.Level.String())
		return
	}
	var e *mlflow.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, want, e.Message)
	require.Equal(t, mlflow.CodeInvalidParameterValue, e.Code)
	require.Zero(t, got)
}

// TestNames: types and levels read back what they write, and nothing else.
func TestNames(t *testing.T) {
	t.Parallel()
	for typ := access.Experiment; typ <= access.Workspace; typ++ {
		got, err := access.ParseType(typ.String())
		require.NoError(t, err)
		require.Equal(t, typ, got)
		require.Contains(t, typesText, "'"+typ.String()+"'")
		require.Equal(t, typ.Parent() == access.NoType && typ != access.Workspace, typ.ByID(), typ)
	}
	for l := access.LevelNone; l <= access.LevelDeny; l++ {
		got, err := access.ParseLevel(l.String())
		require.NoError(t, err)
		require.Equal(t, l, got)
	}
	for _, s := range []string{"", "Type(0)", "Level(9)", "Run", "RUN"} {
		_, err := access.ParseType(s)
		require.ErrorIs(t, err, mlflow.ErrInvalid)
		_, err = access.ParseLevel(s)
		require.ErrorIs(t, err, mlflow.ErrInvalid)
	}
	require.Equal(t, "Type(0)", access.NoType.String())
	require.Equal(t, "Type(200)", access.Type(200).String())
	require.False(t, access.Type(200).ByID())
	require.Equal(t, "Level(9)", access.Level(9).String())
	require.Equal(t, "Action(99)", access.Action(99).String())
}

// TestLevels is the table of MLflow's levels.
func TestLevels(t *testing.T) {
	t.Parallel()
	actions := []access.Action{access.ActionRead, access.ActionUse, access.ActionUpdate, access.ActionDelete, access.ActionManage, access.ActionNotDenied, access.ActionAnyone, 99}
	for l, want := range map[access.Level]string{
		access.LevelNone:   ".....n..",
		access.LevelRead:   "r....n..",
		access.LevelUse:    "ru...n..",
		access.LevelEdit:   "ruw..n..",
		access.LevelManage: "ruwdmn..",
		access.LevelDeny:   "........",
		99:                 "........",
	} {
		var got strings.Builder
		for i, a := range actions {
			if l.Allows(a) {
				got.WriteByte("ruwdmn!!"[i])
			} else {
				got.WriteByte('.')
			}
		}
		require.Equal(t, want, got.String(), l)
	}
}
