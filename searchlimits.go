package dynamodbstore

// searchLimits bound what a search reads at a time, and decide between its
// plans. They change what a search costs, never what it finds.
type searchLimits struct {
	// scanned is how many runs one request looks at before it returns what it
	// has with a token to go on.
	scanned int
	// held is how many bytes the runs, or logged models, of a page may take before
	// it ends there, with a token to go on: what a search holds depends on no page
	// size.
	held int
	// probe is how many index rows are read to learn whether there are few of
	// them: about 3 RCU.
	probe int
	// enough is how few candidates cost less than another probe.
	enough int
	// probes is how many ranges of one clause are probed.
	probes int
	// collected is how many candidates a range in the order of its values may
	// have to be sorted into the order of runs: about 25 RCU.
	collected int
	// merged is how many ranges are read side by side.
	merged int
	// least and most bound how many runs are fetched at once.
	least, most int
	// sorted is how many candidates are fetched to be sorted in memory when an
	// index in the order of the search could be read instead.
	sorted int
	// dense is one part in how many rows of the list has to match for the list
	// to be cheaper than an index: a row of the list is read with its
	// neighbours, a candidate by itself.
	dense int
}

func defaultSearchLimits() searchLimits {
	return searchLimits{
		scanned: 100000, held: 24 << 20, probe: 128, enough: 3, probes: 12, collected: 1024, merged: 3, least: 16, most: 100, sorted: 500, dense: 5,
	}
}
