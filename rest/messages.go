package rest

import "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"

// The messages of MLflow 3.18's service.proto that come in with requests.

func pairFields() []wire.Field {
	return []wire.Field{wire.F("key", wire.TypeString), wire.F("value", wire.TypeString)}
}

func metricFields() []wire.Field {
	return []wire.Field{
		wire.F("key", wire.TypeString), wire.F("value", wire.TypeDouble), wire.F("timestamp", wire.TypeInt64), wire.F("step", wire.TypeInt64),
		wire.F("dataset_name", wire.TypeString), wire.F("dataset_digest", wire.TypeString), wire.F("model_id", wire.TypeString),
		wire.F("run_id", wire.TypeString),
	}
}

func datasetFields() []wire.Field {
	dataset := wire.Messages("dataset", wire.F("name", wire.TypeString), wire.F("digest", wire.TypeString), wire.F("source_type", wire.TypeString),
		wire.F("source", wire.TypeString), wire.F("schema", wire.TypeString), wire.F("profile", wire.TypeString))
	dataset.Repeated = false
	return []wire.Field{wire.Messages("tags", pairFields()...), dataset}
}

func viewType(name string) wire.Field {
	return wire.Enum(name, wire.EnumValue{"ACTIVE_ONLY", 1}, wire.EnumValue{"DELETED_ONLY", 2}, wire.EnumValue{"ALL", 3})
}

func runStatus(name string) wire.Field {
	return wire.Enum(name, wire.EnumValue{"RUNNING", 1}, wire.EnumValue{"SCHEDULED", 2}, wire.EnumValue{"FINISHED", 3},
		wire.EnumValue{"FAILED", 4}, wire.EnumValue{"KILLED", 5})
}

// texts makes fields for strings.
func texts(names ...string) []wire.Field {
	fields := make([]wire.Field, len(names))
	for i, n := range names {
		fields[i] = wire.F(n, wire.TypeString)
	}
	return fields
}

// requiredText is the rule for a string that must be there.
func requiredText(param string) wire.Rule {
	return wire.Rule{param, []wire.Check{wire.Required(), wire.IsString()}}
}

// textRequired is the same rule in the order in which some handlers have it.
func textRequired(param string) wire.Rule {
	return wire.Rule{param, []wire.Check{wire.IsString(), wire.Required()}}
}

func text(param string) wire.Rule { return wire.Rule{param, []wire.Check{wire.IsString()}} }

func integer(param string) wire.Rule { return wire.Rule{param, []wire.Check{wire.IsIntLike()}} }

func array(param string) wire.Rule { return wire.Rule{param, []wire.Check{wire.IsArray()}} }
