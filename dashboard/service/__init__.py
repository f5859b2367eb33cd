"""The dashboard at work: following the journal, serving browsers, asking alerts, knowing who is who."""
