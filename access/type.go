package access

import "fmt"

// Type is a kind of thing that grants are on. A type is stored as its
// [Type.String], never as its number.
//
// Source: MLflow 3.18, server/auth/permissions.py.
type Type uint8

// The types. Those that have a parent can be granted by [Any] only: a right on the
// runs of a workspace, not on one run.
const (
	NoType Type = iota
	Experiment
	Run
	Trace
	Assessment
	LoggedModel
	ReviewQueue
	Scorer // by <experiment id>/<name>, see [ScorerID]
	ScorerVersion
	RegisteredModel // by name in roles, by internal id in direct grants
	RegisteredModelVersion
	Prompt // as RegisteredModel
	PromptVersion
	GatewaySecret
	GatewayEndpoint
	GatewayModelDefinition
	MCPServer
	MCPServerVersion
	Skill // by name or @organization/name
	// Workspace is membership in a workspace ([LevelUse]) or its administration
	// ([LevelManage]); by [Any] only.
	Workspace
)

// Any is the pattern that stands for all things of a type. MLflow lets no model
// or prompt have it for a name. There are no other patterns than this and exact ids.
const Any = "*"

const lastType = Workspace

// ParseType reads a type as MLflow's API writes it. What is none is
// INVALID_PARAMETER_VALUE, in MLflow's words.
func ParseType(s string) (Type, error) {
	for t := NoType + 1; t <= lastType; t++ {
		if t.String() == s {
			return t, nil
		}
	}
	return NoType, invalidf("Invalid resource type '%s'. Valid resource types are: ('assessment', 'experiment', "+
		"'gateway_endpoint', 'gateway_model_definition', 'gateway_secret', 'logged_model', 'mcp_server', "+
		"'mcp_server_version', 'prompt', 'prompt_version', 'registered_model', 'registered_model_version', "+
		"'review_queue', 'run', 'scorer', 'scorer_version', 'skill', 'trace', 'workspace')", s)
}

// String is the type as MLflow's API writes it.
func (t Type) String() string {
	names := [...]string{
		Experiment: "experiment", Run: "run", Trace: "trace", Assessment: "assessment", LoggedModel: "logged_model",
		ReviewQueue: "review_queue", Scorer: "scorer", ScorerVersion: "scorer_version", RegisteredModel: "registered_model",
		RegisteredModelVersion: "registered_model_version", Prompt: "prompt", PromptVersion: "prompt_version",
		GatewaySecret: "gateway_secret", GatewayEndpoint: "gateway_endpoint",
		GatewayModelDefinition: "gateway_model_definition", MCPServer: "mcp_server",
		MCPServerVersion: "mcp_server_version", Skill: "skill", Workspace: "workspace",
	}
	if !t.valid() {
		return fmt.Sprintf("Type(%d)", uint8(t))
	}
	return names[t]
}

// Parent is the type whose grants decide where there is none on the type itself,
// and [NoType] where there is no such type.
func (t Type) Parent() Type {
	switch t {
	case Run, Trace, Assessment, LoggedModel, ReviewQueue:
		return Experiment
	case ScorerVersion:
		return Scorer
	case RegisteredModelVersion:
		return RegisteredModel
	case PromptVersion:
		return Prompt
	case MCPServerVersion:
		return MCPServer
	default:
		return NoType
	}
}

// ByID reports whether single things of the type can be granted. The others are
// granted all at once.
func (t Type) ByID() bool { return t.valid() && t != Workspace && t.Parent() == NoType }

// Grantable reports whether a grant on the type can have the level.
func (t Type) Grantable(l Level) bool {
	switch {
	case !t.valid() || l == LevelNone || l > LevelDeny:
		return false
	case t == Workspace:
		return l == LevelUse || l == LevelManage
	case t == Skill:
		return l != LevelUse
	default:
		return true
	}
}

// hasUID reports whether things of the type have an internal id beside their name.
func (t Type) hasUID() bool { return t == RegisteredModel || t == Prompt }

func (t Type) valid() bool { return t > NoType && t <= lastType }
