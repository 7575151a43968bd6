package access

import (
	"fmt"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Level is what a grant gives. READ, USE, EDIT and MANAGE each contain all before
// them. A level is stored as its [Level.String], never as its number.
//
// Source: MLflow 3.18, server/auth/permissions.py.
type Level uint8

// The levels.
const (
	// LevelNone is what is left without any grant. It is not grantable, though
	// MLflow's own databases may hold old grants of it.
	LevelNone Level = iota
	LevelRead
	LevelUse
	LevelEdit   // read, use and update
	LevelManage // and delete, and give rights to others
	// LevelDeny is an explicit no, which no other grant on the same key mends. It is
	// the greatest, as it wins.
	LevelDeny
)

// ParseLevel reads a level as MLflow's API writes it, in capitals. What is none is
// INVALID_PARAMETER_VALUE, in MLflow's words.
func ParseLevel(s string) (Level, error) {
	for l := LevelNone; l <= LevelDeny; l++ {
		if l.String() == s {
			return l, nil
		}
	}
	return LevelNone, invalidf("Invalid permission '%s'. Valid permissions are: "+
		"('READ', 'USE', 'EDIT', 'MANAGE', 'NO_PERMISSIONS', 'DENY')", s)
}

// String is the level as MLflow's API writes it.
func (l Level) String() string {
	switch l {
	case LevelNone:
		return "NO_PERMISSIONS"
	case LevelRead:
		return "READ"
	case LevelUse:
		return "USE"
	case LevelEdit:
		return "EDIT"
	case LevelManage:
		return "MANAGE"
	case LevelDeny:
		return "DENY"
	default:
		return fmt.Sprintf("Level(%d)", uint8(l))
	}
}

// Allows reports whether who holds the level on something may do that to it. Only
// actions that levels answer, [ActionRead] to [ActionNotDenied], are ever allowed.
func (l Level) Allows(a Action) bool {
	if l > LevelDeny {
		return false
	}
	switch a {
	case ActionRead:
		return l.positive()
	case ActionUse:
		return l.positive() && l >= LevelUse
	case ActionUpdate:
		return l.positive() && l >= LevelEdit
	case ActionDelete, ActionManage:
		return l == LevelManage
	case ActionNotDenied:
		return l != LevelDeny
	default:
		return false
	}
}

func (l Level) positive() bool { return l >= LevelRead && l <= LevelManage }

// atLeast is a level under a floor, which lifts what is positive and nothing else.
func (l Level) atLeast(floor Level) Level {
	if l.positive() && floor.positive() {
		return max(l, floor)
	}
	return l
}

func invalidf(format string, args ...any) error {
	return &mlflow.Error{Code: mlflow.CodeInvalidParameterValue, Message: fmt.Sprintf(format, args...)}
}
