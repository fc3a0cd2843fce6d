"""The peers, one small file each: `contenders(instance)` lists the ways in which a peer can sample an instance."""
