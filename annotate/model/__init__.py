"""What everything speaks: records, schema, findings, identifiers, text, and the inline notation."""
