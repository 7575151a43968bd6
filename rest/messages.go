package rest

// The messages of MLflow 3.18's service.proto that come in with requests.

func pairFields() []field { return []field{f("key", typeString), f("value", typeString)} }

func metricFields() []field {
	return []field{
		f("key", typeString), f("value", typeDouble), f("timestamp", typeInt64), f("step", typeInt64),
		f("dataset_name", typeString), f("dataset_digest", typeString), f("model_id", typeString),
		f("run_id", typeString),
	}
}

func datasetFields() []field {
	dataset := messages("dataset", f("name", typeString), f("digest", typeString), f("source_type", typeString),
		f("source", typeString), f("schema", typeString), f("profile", typeString))
	dataset.repeated = false
	return []field{messages("tags", pairFields()...), dataset}
}

func viewType(name string) field {
	return enum(name, enumValue{"ACTIVE_ONLY", 1}, enumValue{"DELETED_ONLY", 2}, enumValue{"ALL", 3})
}

func runStatus(name string) field {
	return enum(name, enumValue{"RUNNING", 1}, enumValue{"SCHEDULED", 2}, enumValue{"FINISHED", 3},
		enumValue{"FAILED", 4}, enumValue{"KILLED", 5})
}

// texts makes fields for strings.
func texts(names ...string) []field {
	fields := make([]field, len(names))
	for i, n := range names {
		fields[i] = f(n, typeString)
	}
	return fields
}

// requiredText is the rule for a string that must be there.
func requiredText(param string) rule { return rule{param, []check{required(), isString()}} }

// textRequired is the same rule in the order in which some handlers have it.
func textRequired(param string) rule { return rule{param, []check{isString(), required()}} }

func text(param string) rule { return rule{param, []check{isString()}} }

func integer(param string) rule { return rule{param, []check{isIntLike()}} }

func array(param string) rule { return rule{param, []check{isArray()}} }
