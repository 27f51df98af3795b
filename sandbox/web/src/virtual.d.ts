declare module "virtual:emoji" {
  const rows: [character: string, words: string, group: number, ...names: string[]][];
  export default rows;
}
declare module "*.css";
